-- The same for one partition, from one offset up to another.
SELECT
    min(raw_offset) AS lowest,
    max(raw_offset) AS highest,
    groupBitmap(toUInt32(raw_offset % {page:Int64})) AS positions,
    countIf(fate = 'stored') AS stored,
    countIf(fate = 'duplicate') AS duplicate,
    countIf(fate = 'rejected') AS rejected
FROM fates
WHERE
    raw_topic = {topic:String}
    AND raw_topic_id = {topic_id:UUID}
    AND raw_partition = {partition:Int32}
    AND raw_offset >= {first:Int64}
    AND raw_offset < {end:Int64}
GROUP BY intDiv(raw_offset, {page:Int64})
ORDER BY lowest
