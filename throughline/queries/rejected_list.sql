-- Rejected deliveries and records, grouped by reason and source, with one example of each.
SELECT
    reason,
    source,
    stage,
    count() AS rejected,
    min(received_at) AS first_seen,
    max(received_at) AS last_seen,
    any(path) AS example_path,
    any(detail) AS example_detail,
    toString(any(rejected_id)) AS example
FROM rejected
WHERE ({reason:String} = '' OR reason = {reason:String})
  AND ({source:String} = '' OR source = {source:String})
GROUP BY
    reason,
    source,
    stage
ORDER BY rejected DESC, reason, source, stage
