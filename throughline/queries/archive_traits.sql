-- What interactions said of their subjects, of one tenant: a page after the other in the order of the key.
SELECT
    fact_id,
    toUnixTimestamp64Milli(at) AS at_ms,
    left,
    event_id,
    source,
    traits
FROM identity_evidence FINAL
WHERE tenant = {tenant:String}
  AND fact = 'traits'
  AND fact_id > {after:UUID}
ORDER BY fact_id
LIMIT {limit:UInt32}
