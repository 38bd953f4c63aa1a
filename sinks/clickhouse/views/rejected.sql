-- What could not be accepted as an interaction, once each, with when it came and what it became when it was sent again.

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
    first_seen DateTime64(3, 'UTC') COMMENT 'received_at of the first copy of these bytes',
    last_seen DateTime64(3, 'UTC') COMMENT 'received_at of the last copy of these bytes',
    stored_at DateTime64(3, 'UTC') COMMENT 'When it was stored here',
    event_id Nullable(UUID) COMMENT 'The id that it has or would have had, where it can be told',
    message_id String COMMENT 'The provider''s own id; empty where it cannot be read',
    body String COMMENT 'The original bytes: of the delivery at the intake, of the record afterwards',
    body_encoding LowCardinality(String) COMMENT 'How body holds them: utf8 as they are, or base64',
    headers String COMMENT 'The delivery''s own headers as JSON text, without secrets',
    raw_topic LowCardinality(String) COMMENT 'The topic of the record; empty for what the intake rejected',
    raw_topic_id UUID COMMENT 'That topic''s id',
    raw_partition Int32 COMMENT 'The partition of the record; -1 for what the intake rejected',
    raw_offset Int64 COMMENT 'The offset of the record; -1 for what the intake rejected',
    replay_of Nullable(UUID) COMMENT 'The rejected record that was sent again, and rejected again as this one',
    replayed_as LowCardinality(String)
        COMMENT 'What it became when it was sent again: stored, duplicate or rejected; empty: it was not'
)
AS SELECT
    kept.rejected_id AS rejected_id,
    tenant,
    source,
    adapter,
    channel,
    stage,
    reason,
    detail,
    path,
    received_at,
    if(seen.known, seen.first_seen, received_at) AS first_seen,
    if(seen.known, seen.last_seen, received_at) AS last_seen,
    stored_at,
    event_id,
    message_id,
    body,
    body_encoding,
    headers,
    raw_topic,
    raw_topic_id,
    raw_partition,
    raw_offset,
    replay_of,
    replayed.fate AS replayed_as
FROM interactions_rejected AS kept FINAL
LEFT ANY JOIN
(
    SELECT rejected_id, min(first_seen) AS first_seen, max(last_seen) AS last_seen, 1 AS known
    FROM interactions_rejected_seen
    GROUP BY rejected_id
) AS seen ON kept.rejected_id = seen.rejected_id
LEFT ANY JOIN
(
    -- stored once is stored, whatever came of other tries
    SELECT rejected_id, argMin(fate, indexOf(['stored', 'duplicate', 'rejected'], fate)) AS fate
    FROM
    (
        SELECT rejected_id, fate
        FROM interactions_replays
        UNION ALL
        SELECT assumeNotNull(replay_of) AS rejected_id, fate
        FROM interactions_fates
        WHERE replay_of IS NOT NULL
    ) AS told
    GROUP BY rejected_id
) AS replayed ON kept.rejected_id = replayed.rejected_id
COMMENT 'What could not be accepted as an interaction, kept whole';
