-- The other two fates, as interactions.rejected and interactions.duplicates have them, and what was seen of each.
--
-- Keyed by the raw position, so that a record that is written again collapses. What the intake rejects has no raw
-- position (topic '', partition and offset -1): rejected_id tells those apart.

CREATE TABLE IF NOT EXISTS interactions_rejected
(
    rejected_id UUID COMMENT 'The same for the same bytes at the same place',
    stage LowCardinality(String) COMMENT 'The part that refused it: intake, process, sink',
    reason LowCardinality(String) COMMENT 'Why, from a closed list',
    detail String COMMENT 'What exactly is wrong, for a person',
    path String COMMENT 'Where in the document, as identifiers[0].value; empty for the whole',
    tenant LowCardinality(String) COMMENT 'Whose customer it would have been; empty where it is not known',
    source LowCardinality(String) COMMENT 'The configured source that took it; empty where it is not known',
    adapter LowCardinality(String) COMMENT 'The adapter that decoded it; empty where it is not known',
    channel LowCardinality(String) COMMENT 'The medium; empty where it is not known',
    received_at DateTime64(3, 'UTC') COMMENT 'When the intake had it; when it was refused where that is not known',
    event_id Nullable(UUID) COMMENT 'The id that it has or would have had, where it can be told',
    message_id String COMMENT 'The provider''s own id; empty where it cannot be read',
    body String COMMENT 'The original bytes: of the delivery at the intake, of the record afterwards',
    body_encoding LowCardinality(String) COMMENT 'How body holds them: utf8 as they are, or base64',
    headers String DEFAULT '{}' COMMENT 'The delivery''s own headers as JSON text, without secrets',
    raw_topic LowCardinality(String) COMMENT 'The topic of the record; empty for what the intake rejected',
    raw_topic_id UUID COMMENT 'That topic''s id: offsets start again when a topic is made anew',
    raw_partition Int32 COMMENT 'The partition of the record; -1 for what the intake rejected',
    raw_offset Int64 COMMENT 'The offset of the record; -1 for what the intake rejected',
    stored_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was stored here'
)
ENGINE = ReplacingMergeTree
ORDER BY (raw_topic, raw_topic_id, raw_partition, raw_offset, rejected_id)
SETTINGS
    min_bytes_for_wide_part = 134217728,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    non_replicated_deduplication_window = 100000,
    replicated_deduplication_window = 100000
COMMENT 'What could not be accepted as an interaction, kept whole; query the view rejected';

CREATE TABLE IF NOT EXISTS interactions_duplicates
(
    tenant LowCardinality(String) COMMENT 'Whose customer this is',
    source LowCardinality(String) COMMENT 'The configured source that took the copy',
    channel LowCardinality(String) COMMENT 'The medium',
    event_id UUID COMMENT 'The id that the copy and the first have in common',
    message_id String COMMENT 'The provider''s own id; empty where there is none',
    received_at DateTime64(3, 'UTC') COMMENT 'When the intake had the copy',
    body String COMMENT 'The copy, as the intake published it',
    raw_topic LowCardinality(String) COMMENT 'The topic of the copy',
    raw_topic_id UUID COMMENT 'That topic''s id: offsets start again when a topic is made anew',
    raw_partition Int32 COMMENT 'The partition of the copy',
    raw_offset Int64 COMMENT 'The offset of the copy',
    first_topic LowCardinality(String) COMMENT 'The topic of the first copy',
    first_topic_id UUID COMMENT 'That topic''s id',
    first_partition Int32 COMMENT 'The partition of the first copy',
    first_offset Int64 COMMENT 'The offset of the first copy',
    stored_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was stored here'
)
ENGINE = ReplacingMergeTree
ORDER BY (raw_topic, raw_topic_id, raw_partition, raw_offset)
SETTINGS
    min_bytes_for_wide_part = 134217728,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    non_replicated_deduplication_window = 100000,
    replicated_deduplication_window = 100000
COMMENT 'Copies of interactions that came before; query the view duplicates';
