-- What was sent again: the link from an interaction, a copy or a new rejection to the rejected record that it comes
-- from, and when each rejected record was seen.
--
-- Rows are never rewritten: that a rejected record was replayed is told by the rows that name it.

ALTER TABLE interactions ADD COLUMN IF NOT EXISTS
    replay_of Nullable(UUID) COMMENT 'The rejected record that was sent again as this interaction';

ALTER TABLE interactions_rejected ADD COLUMN IF NOT EXISTS
    replay_of Nullable(UUID) COMMENT 'The rejected record that was sent again, and rejected again as this one';

CREATE TABLE IF NOT EXISTS interactions_replays
(
    rejected_id UUID COMMENT 'The rejected record that was sent again',
    fate LowCardinality(String) COMMENT 'What it became: stored, duplicate or rejected',
    event_id Nullable(UUID) COMMENT 'The id that it has now, where it can be told',
    at DateTime64(3, 'UTC') COMMENT 'When that was stored here'
)
ENGINE = ReplacingMergeTree
ORDER BY (rejected_id, fate)
SETTINGS
    min_bytes_for_wide_part = 134217728,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    non_replicated_deduplication_window = 100000,
    replicated_deduplication_window = 100000
COMMENT 'What rejected records became when they were sent again';

CREATE MATERIALIZED VIEW IF NOT EXISTS interactions_to_replays TO interactions_replays
(
    rejected_id UUID COMMENT 'The rejected record that was sent again',
    fate LowCardinality(String) COMMENT 'stored',
    event_id Nullable(UUID) COMMENT 'The interaction''s id',
    at DateTime64(3, 'UTC') COMMENT 'When it was stored'
)
AS SELECT assumeNotNull(replay_of) AS rejected_id, 'stored' AS fate, event_id, stored_at AS at
FROM interactions
WHERE replay_of IS NOT NULL
COMMENT 'Writes that a rejected record is stored now';

CREATE MATERIALIZED VIEW IF NOT EXISTS duplicates_to_replays TO interactions_replays
(
    rejected_id UUID COMMENT 'The rejected record that was sent again',
    fate LowCardinality(String) COMMENT 'duplicate',
    event_id Nullable(UUID) COMMENT 'The interaction''s id',
    at DateTime64(3, 'UTC') COMMENT 'When the copy was stored'
)
AS SELECT
    toUUIDOrZero(JSONExtractString(body, 'replay_of')) AS rejected_id,
    'duplicate' AS fate,
    event_id,
    stored_at AS at
FROM interactions_duplicates
WHERE position(body, '"replay_of"') > 0 AND JSONExtractString(body, 'replay_of') != ''
COMMENT 'Writes that a rejected record is a copy of what is stored';

CREATE MATERIALIZED VIEW IF NOT EXISTS rejected_to_replays TO interactions_replays
(
    rejected_id UUID COMMENT 'The rejected record that was sent again',
    fate LowCardinality(String) COMMENT 'rejected',
    event_id Nullable(UUID) COMMENT 'The interaction''s id, where it can be told',
    at DateTime64(3, 'UTC') COMMENT 'When it was rejected again'
)
AS SELECT assumeNotNull(replay_of) AS rejected_id, 'rejected' AS fate, event_id, stored_at AS at
FROM interactions_rejected
WHERE replay_of IS NOT NULL
COMMENT 'Writes that a rejected record was rejected again, as another one';

CREATE TABLE IF NOT EXISTS interactions_rejected_seen
(
    rejected_id UUID COMMENT 'The rejected record',
    first_seen SimpleAggregateFunction(min, DateTime64(3, 'UTC')) COMMENT 'When the intake had it first',
    last_seen SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'When the intake had it last'
)
ENGINE = AggregatingMergeTree
ORDER BY rejected_id
SETTINGS
    min_bytes_for_wide_part = 134217728,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    non_replicated_deduplication_window = 100000,
    replicated_deduplication_window = 100000
COMMENT 'When each rejected record came first and last: the same one that comes again is one row of rejected';

CREATE MATERIALIZED VIEW IF NOT EXISTS rejected_to_seen TO interactions_rejected_seen
(
    rejected_id UUID COMMENT 'The rejected record',
    first_seen DateTime64(3, 'UTC') COMMENT 'When the intake had it',
    last_seen DateTime64(3, 'UTC') COMMENT 'The same'
)
AS SELECT rejected_id, received_at AS first_seen, received_at AS last_seen
FROM interactions_rejected
COMMENT 'Writes when a rejected record was seen';
