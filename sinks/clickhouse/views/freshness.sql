-- How fresh the timeline is, by channel and source.

CREATE OR REPLACE VIEW freshness
(
    channel LowCardinality(String) COMMENT 'The medium',
    source LowCardinality(String) COMMENT 'The configured source',
    last_occurred_at DateTime64(3, 'UTC') COMMENT 'When the latest interaction happened, as it was sent',
    last_received_at DateTime64(3, 'UTC') COMMENT 'When the intake had the newest',
    last_stored_at DateTime64(3, 'UTC') COMMENT 'When the newest was stored here',
    seconds_behind Float64 COMMENT 'Seconds since the newest that can be queried was received'
)
AS SELECT
    channel,
    source,
    max(newest.last_occurred_at) AS last_occurred_at,
    max(newest.last_received_at) AS last_received_at,
    max(newest.last_stored_at) AS last_stored_at,
    dateDiff('millisecond', last_received_at, now64(3)) / 1000 AS seconds_behind
FROM source_freshness AS newest
GROUP BY channel, source
COMMENT 'How fresh the timeline is, by channel and source';
