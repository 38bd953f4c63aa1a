-- Data quality by source: shares over all hours asked for, the median hour's delay, the worst hour's tail.
SELECT
    source,
    sum(q.interactions) AS interactions,
    round(sum(q.with_identifier * q.interactions) / interactions, 3) AS with_identifier,
    round(sum(q.with_strong_identifier * q.interactions) / interactions, 3) AS with_strong_identifier,
    round(medianIf(q.delay_median_s, q.interactions > 0), 3) AS delay_median_s,
    round(maxIf(q.delay_p99_s, q.interactions > 0), 3) AS delay_p99_s,
    round(max(q.clock_skew_p99_s), 3) AS clock_skew_p99_s,
    round(sum(q.out_of_order * q.interactions) / interactions, 3) AS out_of_order,
    sum(q.duplicates) AS duplicates,
    sum(q.rejected) AS rejected,
    sumMap(q.rejected_by_reason) AS rejected_by_reason,
    arraySort(groupUniqArrayArray(q.new_fields)) AS new_fields,
    mapApply(
        (field, times) -> (field, round(times / greatest(interactions, 1), 3)),
        sumMap(mapApply((field, share) -> (field, share * q.interactions), q.fields))
    ) AS fields
FROM data_quality AS q
WHERE hour >= toStartOfHour({since:DateTime64(3, 'UTC')})
  AND ({source:String} = '' OR source = {source:String})
  AND ({tenant:String} = '' OR tenant IN ({tenant:String}, ''))
GROUP BY source
ORDER BY source
