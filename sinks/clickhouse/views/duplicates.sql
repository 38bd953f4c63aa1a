-- Copies of interactions that came before, once each.

CREATE OR REPLACE VIEW duplicates
(
    tenant LowCardinality(String) COMMENT 'Whose customer this is',
    source LowCardinality(String) COMMENT 'The configured source that took the copy',
    channel LowCardinality(String) COMMENT 'The medium',
    reason String COMMENT 'Why it is not on the timeline',
    event_id UUID COMMENT 'The id that the copy and the first have in common',
    message_id String COMMENT 'The provider''s own id; empty where there is none',
    received_at DateTime64(3, 'UTC') COMMENT 'When the intake had the copy',
    stored_at DateTime64(3, 'UTC') COMMENT 'When it was stored here',
    body String COMMENT 'The copy, as the intake published it',
    raw_topic LowCardinality(String) COMMENT 'The topic of the copy',
    raw_topic_id UUID COMMENT 'That topic''s id',
    raw_partition Int32 COMMENT 'The partition of the copy',
    raw_offset Int64 COMMENT 'The offset of the copy',
    first_topic LowCardinality(String) COMMENT 'The topic of the first copy',
    first_topic_id UUID COMMENT 'That topic''s id',
    first_partition Int32 COMMENT 'The partition of the first copy',
    first_offset Int64 COMMENT 'The offset of the first copy'
)
AS SELECT
    tenant,
    source,
    channel,
    'the same interaction came before' AS reason,
    event_id,
    message_id,
    received_at,
    stored_at,
    body,
    raw_topic,
    raw_topic_id,
    raw_partition,
    raw_offset,
    first_topic,
    first_topic_id,
    first_partition,
    first_offset
FROM interactions_duplicates FINAL
COMMENT 'Copies of interactions that came before, with the position of the first';
