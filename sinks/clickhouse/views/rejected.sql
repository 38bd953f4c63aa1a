-- What could not be accepted as an interaction, once each.

CREATE OR REPLACE VIEW rejected
(
    rejected_id UUID COMMENT 'The same for the same bytes at the same place',
    tenant LowCardinality(String) COMMENT 'Whose customer it would have been; empty where it is not known',
    source LowCardinality(String) COMMENT 'The configured source that took it; empty where it is not known',
    adapter LowCardinality(String) COMMENT 'The adapter that decoded it; empty where it is not known',
    channel LowCardinality(String) COMMENT 'The medium; empty where it is not known',
    stage LowCardinality(String) COMMENT 'The part that refused it: intake, process, sink',
    reason LowCardinality(String) COMMENT 'Why, from a closed list',
    detail String COMMENT 'What exactly is wrong, for a person',
    path String COMMENT 'Where in the document, as identifiers[0].value; empty for the whole',
    received_at DateTime64(3, 'UTC') COMMENT 'When the intake had it; when it was refused where that is not known',
    stored_at DateTime64(3, 'UTC') COMMENT 'When it was stored here',
    event_id Nullable(UUID) COMMENT 'The id that it has or would have had, where it can be told',
    message_id String COMMENT 'The provider''s own id; empty where it cannot be read',
    body String COMMENT 'The original bytes: of the delivery at the intake, of the record afterwards',
    body_encoding LowCardinality(String) COMMENT 'How body holds them: utf8 as they are, or base64',
    headers String COMMENT 'The delivery''s own headers as JSON text, without secrets',
    raw_topic LowCardinality(String) COMMENT 'The topic of the record; empty for what the intake rejected',
    raw_topic_id UUID COMMENT 'That topic''s id',
    raw_partition Int32 COMMENT 'The partition of the record; -1 for what the intake rejected',
    raw_offset Int64 COMMENT 'The offset of the record; -1 for what the intake rejected'
)
AS SELECT
    rejected_id,
    tenant,
    source,
    adapter,
    channel,
    stage,
    reason,
    detail,
    path,
    received_at,
    stored_at,
    event_id,
    message_id,
    body,
    body_encoding,
    headers,
    raw_topic,
    raw_topic_id,
    raw_partition,
    raw_offset
FROM interactions_rejected FINAL
COMMENT 'What could not be accepted as an interaction, kept whole';
