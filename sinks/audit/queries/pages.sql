-- Positions with a fate, counted by partition and page. Positions of one page are distinct 32-bit remainders.
SELECT
    raw_topic,
    raw_topic_id,
    raw_partition,
    intDiv(raw_offset, {page:Int64}) AS number,
    min(raw_offset) AS lowest,
    max(raw_offset) AS highest,
    groupBitmap(toUInt32(raw_offset % {page:Int64})) AS positions,
    countIf(fate = 'stored') AS stored,
    countIf(fate = 'duplicate') AS duplicate,
    countIf(fate = 'rejected') AS rejected
FROM fates
WHERE raw_topic IN {topics:Array(String)}
GROUP BY raw_topic, raw_topic_id, raw_partition, number
ORDER BY raw_topic, raw_topic_id, raw_partition, number
