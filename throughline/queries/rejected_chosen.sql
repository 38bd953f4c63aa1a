-- Rejected records that are to be sent again, oldest first, with all that their way back needs.
SELECT
    rejected_id,
    stage,
    reason,
    detail,
    path,
    tenant,
    source,
    adapter,
    channel,
    received_at,
    event_id,
    message_id,
    body,
    body_encoding,
    headers,
    raw_topic,
    raw_topic_id,
    raw_partition,
    raw_offset,
    replay_of
FROM rejected
WHERE (empty({ids:Array(UUID)}) OR rejected_id IN {ids:Array(UUID)})
    AND ({reason:String} = '' OR reason = {reason:String})
    AND ({source:String} = '' OR source = {source:String})
    AND ({all:UInt8} OR replayed_as = '')
ORDER BY received_at, rejected_id
LIMIT {limit:UInt64}
