"""The commands' SQL, one file a query; parameters are ClickHouse's own, {name:Type}."""
