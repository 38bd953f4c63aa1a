"""ClickHouse: the one door to its client, the schema as plain SQL, and what applies it.

`migrations/` holds numbered files, forward only; `views/` replaceable ones. What comes in: statements and ready rows.
"""
