-- Whose customers there is evidence of.
SELECT DISTINCT tenant
FROM identity_evidence
WHERE tenant != ''
ORDER BY tenant
