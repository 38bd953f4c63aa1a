-- Whose customers there is evidence of.
SELECT DISTINCT tenant
FROM identity_evidence
WHERE fact != 'rules'
ORDER BY tenant
