-- The latest rules; none before the resolver's first start.
SELECT
    fact_id,
    rules,
    toUnixTimestamp64Milli(at) AS at_ms
FROM identity_evidence FINAL
WHERE tenant = ''
  AND fact = 'rules'
ORDER BY
    at DESC,
    fact_id DESC
LIMIT 1
