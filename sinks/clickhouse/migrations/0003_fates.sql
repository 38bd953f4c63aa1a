-- What became of every raw record, written when its row is inserted and before rows collapse: a row of interactions
-- says the position of one copy only.
--
-- The fate is in the key: were a position ever to have two fates, both would show.

CREATE TABLE IF NOT EXISTS interactions_fates
(
    raw_topic LowCardinality(String) COMMENT 'The topic of the raw record',
    raw_topic_id UUID COMMENT 'That topic''s id: offsets start again when a topic is made anew',
    raw_partition Int32 COMMENT 'The partition of the raw record',
    raw_offset Int64 COMMENT 'The offset of the raw record',
    fate LowCardinality(String) COMMENT 'stored, duplicate or rejected',
    event_id Nullable(UUID) COMMENT 'The interaction''s id, where it can be told'
)
ENGINE = ReplacingMergeTree
ORDER BY (raw_topic, raw_topic_id, raw_partition, raw_offset, fate)
SETTINGS
    min_bytes_for_wide_part = 134217728,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    non_replicated_deduplication_window = 100000,
    replicated_deduplication_window = 100000
COMMENT 'What became of every raw record; query the view fates';

CREATE MATERIALIZED VIEW IF NOT EXISTS interactions_to_fates TO interactions_fates
(
    raw_topic LowCardinality(String) COMMENT 'The topic of the raw record',
    raw_topic_id UUID COMMENT 'That topic''s id',
    raw_partition Int32 COMMENT 'The partition of the raw record',
    raw_offset Int64 COMMENT 'The offset of the raw record',
    fate LowCardinality(String) COMMENT 'stored',
    event_id Nullable(UUID) COMMENT 'The interaction''s id'
)
AS SELECT raw_topic, raw_topic_id, raw_partition, raw_offset, 'stored' AS fate, event_id
FROM interactions
COMMENT 'Writes the fate of what is stored';

CREATE MATERIALIZED VIEW IF NOT EXISTS duplicates_to_fates TO interactions_fates
(
    raw_topic LowCardinality(String) COMMENT 'The topic of the raw record',
    raw_topic_id UUID COMMENT 'That topic''s id',
    raw_partition Int32 COMMENT 'The partition of the raw record',
    raw_offset Int64 COMMENT 'The offset of the raw record',
    fate LowCardinality(String) COMMENT 'duplicate',
    event_id Nullable(UUID) COMMENT 'The interaction''s id'
)
AS SELECT raw_topic, raw_topic_id, raw_partition, raw_offset, 'duplicate' AS fate, event_id
FROM interactions_duplicates
COMMENT 'Writes the fate of copies';

CREATE MATERIALIZED VIEW IF NOT EXISTS rejected_to_fates TO interactions_fates
(
    raw_topic LowCardinality(String) COMMENT 'The topic of the raw record',
    raw_topic_id UUID COMMENT 'That topic''s id',
    raw_partition Int32 COMMENT 'The partition of the raw record',
    raw_offset Int64 COMMENT 'The offset of the raw record',
    fate LowCardinality(String) COMMENT 'rejected',
    event_id Nullable(UUID) COMMENT 'The interaction''s id, where it can be told'
)
AS SELECT raw_topic, raw_topic_id, raw_partition, raw_offset, 'rejected' AS fate, event_id
FROM interactions_rejected
WHERE raw_partition >= 0
COMMENT 'Writes the fate of what was rejected after the intake';
