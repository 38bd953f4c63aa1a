-- Which fates the positions of a span have, each once.
SELECT DISTINCT fate
FROM fates
WHERE
    raw_topic = {topic:String}
    AND raw_topic_id = {topic_id:UUID}
    AND raw_partition = {partition:Int32}
    AND raw_offset >= {first:Int64}
    AND raw_offset < {end:Int64}
ORDER BY fate
