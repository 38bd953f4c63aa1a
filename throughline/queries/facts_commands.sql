-- All that operators said of some identifiers.
--
-- They say little beside what is seen: the column `fact` finds it faster than ids would. Copies are the same.
SELECT
    fact_id,
    fact,
    toUnixTimestamp64Milli(at) AS at_ms,
    left,
    right,
    event_id,
    source,
    target,
    target_fact,
    command_id,
    command,
    author,
    reason
FROM identity_evidence
PREWHERE fact NOT IN ('link', 'traits', 'rules')
WHERE tenant = {tenant:String}
  AND (hasAny(left, {identifiers:Array(String)}) OR hasAny(right, {identifiers:Array(String)}))
ORDER BY fact_id
LIMIT 1 BY fact_id
