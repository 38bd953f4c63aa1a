"""Topics become rows in ClickHouse, each exactly once.

`store.py` tells the story of one range of one partition. What comes in: `timeline.events`, `interactions.duplicates`,
`interactions.rejected`, and identity: its evidence, map, changes and profiles. What goes out: rows of the tables in
`clickhouse/migrations`.
"""
