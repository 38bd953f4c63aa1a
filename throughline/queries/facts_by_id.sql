-- Facts by their own ids, and those of some commands.
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
FROM identity_evidence FINAL
WHERE tenant = {tenant:String}
  AND fact != 'rules'
  AND (fact_id IN {ids:Array(UUID)} OR command_id IN {ids:Array(UUID)})
ORDER BY fact_id
