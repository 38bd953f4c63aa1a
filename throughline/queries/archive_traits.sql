-- What interactions said of their subjects, of one tenant, in one stream.
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
