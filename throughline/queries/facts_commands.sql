-- All that operators said of some identifiers.
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
  AND fact NOT IN ('link', 'traits', 'rules')
  AND fact_id IN (
      SELECT fact_id
      FROM identifier_facts
      WHERE tenant = {tenant:String}
        AND identifier IN {identifiers:Array(String)}
  )
ORDER BY fact_id
