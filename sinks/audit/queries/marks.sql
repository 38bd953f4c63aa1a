-- What earlier looks saw of each raw partition; `before` is the end as it was last seen before a time.
SELECT
    raw_topic,
    raw_topic_id,
    raw_partition,
    min(first_offset) AS first,
    max(end_offset) AS end,
    max(settled_offset) AS settled,
    toUnixTimestamp64Milli(max(marks.looked_at)) / 1000 AS last_looked_at,
    maxIf(end_offset, marks.looked_at < {since:DateTime64(3, 'UTC')}) AS before
FROM raw_marks AS marks
WHERE raw_topic IN {topics:Array(String)}
GROUP BY raw_topic, raw_topic_id, raw_partition
