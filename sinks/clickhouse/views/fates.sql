-- What became of every raw record. Each position has exactly one row; two rows of one position are a fault.

CREATE OR REPLACE VIEW fates
(
    raw_topic LowCardinality(String) COMMENT 'The topic of the raw record',
    raw_topic_id UUID COMMENT 'That topic''s id: offsets start again when a topic is made anew',
    raw_partition Int32 COMMENT 'The partition of the raw record',
    raw_offset Int64 COMMENT 'The offset of the raw record',
    fate LowCardinality(String) COMMENT 'stored, duplicate or rejected',
    event_id Nullable(UUID) COMMENT 'The interaction''s id, where it can be told'
)
AS SELECT raw_topic, raw_topic_id, raw_partition, raw_offset, fate, event_id
FROM interactions_fates FINAL
COMMENT 'What became of every raw record: stored, duplicate or rejected';
