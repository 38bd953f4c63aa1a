-- What each source sends just now: of the last ten minutes, by when it was stored, so that parts without any are not read.
SELECT
    source,
    count() AS interactions,
    countIf(notEmpty(identifiers.kind)) / count() AS identifier,
    countIf(arrayExists(kind -> kind NOT IN ('anonymous_id', 'device_id'), identifiers.kind)) / count() AS strong_identifier,
    countIf(message_id != '') / count() AS message_id,
    countIf(name != '') / count() AS name,
    countIf(direction != '') / count() AS direction,
    countIf(conversation != '') / count() AS conversation,
    countIf(agent != '') / count() AS agent,
    countIf(text != '') / count() AS text,
    countIf(amount IS NOT NULL) / count() AS amount,
    countIf(score IS NOT NULL) / count() AS score,
    countIf(duration_s IS NOT NULL) / count() AS duration_s,
    countIf(sent_at IS NOT NULL) / count() AS sent_at,
    quantileTDigest(0.5)(dateDiff('millisecond', occurred_at, received_at)) / 1000 AS delay_s
FROM interactions
WHERE stored_at > now64(3) - INTERVAL 10 MINUTE
GROUP BY source
ORDER BY source
