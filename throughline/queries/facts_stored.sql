-- Which facts are stored.
SELECT fact_id
FROM identity_evidence
WHERE tenant = {tenant:String}
  AND fact_id IN {ids:Array(UUID)}
