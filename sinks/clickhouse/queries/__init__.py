"""What the sink asks of ClickHouse: one file a question."""
