-- The demo's customer, oldest first.
SELECT
    occurred_at,
    channel,
    type,
    name,
    direction,
    text,
    amount,
    currency,
    duration_s,
    source
FROM timeline
WHERE subject IN {subjects:Array(String)}
ORDER BY
    occurred_at,
    event_id
