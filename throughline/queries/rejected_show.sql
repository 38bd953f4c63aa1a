-- One rejected record, whole.
SELECT *
FROM rejected
WHERE rejected_id = {rejected_id:UUID}
LIMIT 1
