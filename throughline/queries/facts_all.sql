-- All links and commands of a tenant, in one stream.
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
  AND fact NOT IN ('traits', 'rules')
