-- Rejected deliveries and records, grouped by reason and source, with one example of each that is still to be mended.
SELECT
    reason,
    source,
    stage,
    count() AS rejected,
    countIf(replayed_as != '') AS replayed,
    min(rejected.first_seen) AS first_seen,
    max(rejected.last_seen) AS last_seen,
    argMin(path, replayed_as != '') AS example_path,
    argMin(detail, replayed_as != '') AS example_detail,
    toString(argMin(rejected_id, replayed_as != '')) AS example
FROM rejected
WHERE ({reason:String} = '' OR reason = {reason:String})
    AND ({source:String} = '' OR source = {source:String})
GROUP BY
    reason,
    source,
    stage
HAVING {all:UInt8} OR rejected > replayed
ORDER BY rejected DESC, reason, source, stage
