-- Data quality by source: how much, how complete, how late, and what did not make it.
SELECT
    source,
    channel,
    count() AS interactions,
    round(countIf(NOT arrayAll(i -> startsWith(i, 'anonymous_id:') OR startsWith(i, 'device_id:'), identifiers)) / count(), 3)
        AS with_strong_identifier,
    round(countIf(name IS NOT NULL AND name != '') / count(), 3) AS with_name,
    round(countIf(text IS NOT NULL AND text != '') / count(), 3) AS with_text,
    round(countIf(conversation IS NOT NULL AND conversation != '') / count(), 3) AS with_conversation,
    round(quantile(0.5)(dateDiff('millisecond', occurred_at, received_at)) / 1000, 3) AS median_delay_s,
    round(quantile(0.99)(dateDiff('millisecond', occurred_at, received_at)) / 1000, 3) AS p99_delay_s,
    any(d.copies) AS duplicates,
    any(r.refused) AS rejected
FROM timeline
LEFT JOIN (SELECT source, count() AS copies FROM duplicates GROUP BY source) AS d USING (source)
LEFT JOIN (SELECT source, count() AS refused FROM rejected GROUP BY source) AS r USING (source)
WHERE ({source:String} = '' OR source = {source:String})
GROUP BY
    source,
    channel
ORDER BY
    source,
    channel
