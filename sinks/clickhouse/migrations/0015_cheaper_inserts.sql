-- An insert into interactions had three materialised views, and two of them a third of its price (docs/decisions/0026).
--
-- What a rejected record became is told by its fate: one column there, instead of a view that mostly writes nothing. A minmax
-- index over it, which knows NULL, finds the few rows. What interactions_replays holds already stays, and counts.
-- The new view of fates is there before the old one goes: what is inserted between has its fate twice, which collapses.

ALTER TABLE interactions_fates ADD COLUMN IF NOT EXISTS
    replay_of Nullable(UUID) COMMENT 'The rejected record that was sent again and became this; NULL where it was none, or no interaction';

ALTER TABLE interactions_fates ADD INDEX IF NOT EXISTS of_replay_of replay_of TYPE minmax GRANULARITY 8;

CREATE MATERIALIZED VIEW IF NOT EXISTS stored_to_fates TO interactions_fates
(
    raw_topic LowCardinality(String) COMMENT 'The topic of the raw record',
    raw_topic_id UUID COMMENT 'That topic''s id',
    raw_partition Int32 COMMENT 'The partition of the raw record',
    raw_offset Int64 COMMENT 'The offset of the raw record',
    fate LowCardinality(String) COMMENT 'stored',
    event_id Nullable(UUID) COMMENT 'The interaction''s id',
    replay_of Nullable(UUID) COMMENT 'The rejected record that was sent again'
)
AS SELECT raw_topic, raw_topic_id, raw_partition, raw_offset, 'stored' AS fate, event_id, replay_of
FROM interactions
COMMENT 'Writes the fate of what is stored';

DROP VIEW IF EXISTS interactions_to_fates;

DROP VIEW IF EXISTS interactions_to_replays;

-- The newest of each source is collected beside the inserts, every five minutes, from the rows that are new; the view
-- freshness looks at those that are newer still. The overlap is longer than any insert takes.

DROP VIEW IF EXISTS interactions_to_source_freshness;

CREATE MATERIALIZED VIEW IF NOT EXISTS interactions_to_source_freshness
REFRESH EVERY 5 MINUTE APPEND
TO source_freshness
(
    tenant LowCardinality(String) COMMENT 'Whose customers these are',
    channel LowCardinality(String) COMMENT 'The medium',
    source LowCardinality(String) COMMENT 'The configured source',
    last_occurred_at DateTime64(3, 'UTC') COMMENT 'When the latest interaction happened',
    last_received_at DateTime64(3, 'UTC') COMMENT 'When the intake had the newest',
    last_stored_at DateTime64(3, 'UTC') COMMENT 'When the newest was stored here'
)
EMPTY
AS SELECT
    tenant,
    channel,
    source,
    max(occurred_at) AS last_occurred_at,
    max(received_at) AS last_received_at,
    max(stored_at) AS last_stored_at
FROM interactions
WHERE stored_at > (SELECT max(newest.last_stored_at) FROM source_freshness AS newest) - INTERVAL 10 MINUTE
GROUP BY tenant, channel, source
COMMENT 'Collects the newest of each source';
