-- How fresh the timeline is, by channel and source: the newest that was collected, and what came since. The rows since are
-- found by the index on stored_at; the overlap is longer than any insert takes.

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
FROM
(
    SELECT channel, source, last_occurred_at, last_received_at, last_stored_at
    FROM source_freshness
    UNION ALL
    SELECT
        channel,
        source,
        max(occurred_at) AS last_occurred_at,
        max(received_at) AS last_received_at,
        max(stored_at) AS last_stored_at
    FROM interactions
    WHERE stored_at > (SELECT max(collected.last_stored_at) FROM source_freshness AS collected) - INTERVAL 10 MINUTE
    GROUP BY channel, source
) AS newest
GROUP BY channel, source
COMMENT 'How fresh the timeline is, by channel and source';
