-- Whose an interaction is now. All of the key is given, so that a few granules are read.
SELECT profile_id
FROM timeline
WHERE tenant = {tenant:String}
    AND subject = {subject:String}
    AND occurred_at = fromUnixTimestamp64Milli({occurred_at:Int64}, 'UTC')
    AND event_id = {event_id:UUID}
LIMIT 1
