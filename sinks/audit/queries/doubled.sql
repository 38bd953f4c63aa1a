-- Positions of one partition that have more than one fate, as runs of neighbours; the end is not included.
SELECT min(raw_offset) AS first, max(raw_offset) + 1 AS end
FROM
(
    SELECT raw_offset, raw_offset - row_number() OVER (ORDER BY raw_offset) AS run
    FROM
    (
        SELECT raw_offset
        FROM fates
        WHERE
            raw_topic = {topic:String}
            AND raw_topic_id = {topic_id:UUID}
            AND raw_partition = {partition:Int32}
            AND raw_offset >= {first:Int64}
            AND raw_offset < {end:Int64}
        GROUP BY raw_offset
        HAVING count() > 1
    )
)
GROUP BY run
ORDER BY first
