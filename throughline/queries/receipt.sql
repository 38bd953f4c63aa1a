-- All that is known of an event id in one tenant: the row that is stored, copies, and what was rejected under it.
-- The first copy that was stored is the one that stays.
SELECT
    'stored' AS fate,
    source,
    channel,
    message_id,
    toString(received_at) AS received_at,
    toString(stored_at) AS stored_at,
    subject,
    toUnixTimestamp64Milli(occurred_at) AS occurred_at_ms,
    raw_topic,
    toString(raw_topic_id) AS raw_topic_id,
    raw_partition,
    raw_offset,
    '' AS first_topic,
    '' AS first_topic_id,
    -1 AS first_partition,
    -1 AS first_offset,
    '' AS stage,
    '' AS reason,
    '' AS detail,
    '' AS path,
    '' AS rejected_id
FROM
(
    SELECT *, precedence
    FROM interactions
    WHERE tenant = {tenant:String} AND event_id = {event_id:UUID}
    ORDER BY precedence DESC
    LIMIT 1
)
UNION ALL
SELECT
    'duplicate',
    source,
    channel,
    message_id,
    toString(received_at),
    toString(stored_at),
    '',
    0,
    raw_topic,
    toString(raw_topic_id),
    raw_partition,
    raw_offset,
    first_topic,
    toString(first_topic_id),
    first_partition,
    first_offset,
    '',
    '',
    '',
    '',
    ''
FROM
(
    SELECT *
    FROM interactions_duplicates FINAL
    WHERE tenant = {tenant:String} AND event_id = {event_id:UUID}
    ORDER BY stored_at
    LIMIT 20
)
UNION ALL
SELECT
    'rejected',
    source,
    channel,
    message_id,
    toString(received_at),
    toString(stored_at),
    '',
    0,
    raw_topic,
    toString(raw_topic_id),
    raw_partition,
    raw_offset,
    '',
    '',
    -1,
    -1,
    stage,
    reason,
    detail,
    path,
    toString(rejected_id)
FROM
(
    SELECT *
    FROM interactions_rejected FINAL
    WHERE tenant = {tenant:String} AND event_id = {event_id:UUID}
    ORDER BY stored_at
    LIMIT 20
)
