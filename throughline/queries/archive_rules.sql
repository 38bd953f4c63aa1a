-- The latest rules; no row where none were ever told.
SELECT rules
FROM identity_evidence FINAL
WHERE tenant = ''
  AND fact = 'rules'
ORDER BY
    at DESC,
    fact_id DESC
LIMIT 1
