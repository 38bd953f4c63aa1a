"""ClickHouse's HTTP interface over chDB, for the embedded store.

One process owns the store and serves it as a ClickHouse server would, so that the sink, the command line, notebooks and
BI tools all connect in one way, embedded or not. In come HTTP requests (app.py), each with one statement; out go the
engine's answers. The engine refuses everything outside the store (engine.py); passwords, the lock and the address live
in `data_dir/clickhouse` (house.py); other parts reach the store through access.py alone.
"""
