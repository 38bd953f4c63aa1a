-- The fates of one partition, from one offset up to another, by runs of neighbouring positions: what lies between two
-- runs has no fate. Within a run, offset and row number grow together.
SELECT
    min(raw_offset) AS lowest,
    max(raw_offset) AS highest,
    sum(stored) AS stored,
    sum(duplicate) AS duplicate,
    sum(rejected) AS rejected
FROM
(
    SELECT *, raw_offset - row_number() OVER (ORDER BY raw_offset) AS run
    FROM
    (
        SELECT
            raw_offset,
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
        GROUP BY raw_offset
    )
)
GROUP BY run
ORDER BY lowest
