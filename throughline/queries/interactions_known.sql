-- What is stored under some event ids, to tell a copy from a conflict.
SELECT toString(event_id) AS event_id, any(fingerprint) AS fingerprint
FROM interactions
WHERE interactions.event_id IN {event_ids:Array(UUID)}
GROUP BY event_id
