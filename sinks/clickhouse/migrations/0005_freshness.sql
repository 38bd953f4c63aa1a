-- The newest of each source, kept as rows arrive: what freshness would otherwise have to scan the whole table for.
--
-- No fsync: after a power cut the next interaction of the source mends it.

CREATE TABLE IF NOT EXISTS source_freshness
(
    tenant LowCardinality(String) COMMENT 'Whose customers these are',
    channel LowCardinality(String) COMMENT 'The medium',
    source LowCardinality(String) COMMENT 'The configured source',
    last_occurred_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'When the latest interaction happened',
    last_received_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'When the intake had the newest',
    last_stored_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'When the newest was stored here'
)
ENGINE = AggregatingMergeTree
ORDER BY (tenant, channel, source)
SETTINGS
    non_replicated_deduplication_window = 100000,
    replicated_deduplication_window = 100000
COMMENT 'The newest of each source; query the view freshness';

CREATE MATERIALIZED VIEW IF NOT EXISTS interactions_to_source_freshness TO source_freshness
(
    tenant LowCardinality(String) COMMENT 'Whose customers these are',
    channel LowCardinality(String) COMMENT 'The medium',
    source LowCardinality(String) COMMENT 'The configured source',
    last_occurred_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'When the latest interaction happened',
    last_received_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'When the intake had the newest',
    last_stored_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'When the newest was stored here'
)
AS SELECT
    tenant,
    channel,
    source,
    max(occurred_at) AS last_occurred_at,
    max(received_at) AS last_received_at,
    max(stored_at) AS last_stored_at
FROM interactions
GROUP BY tenant, channel, source
COMMENT 'Writes the newest of each source';
