-- What the interactions were that showed some links.
SELECT
    toString(event_id) AS event_id,
    channel,
    type,
    name
FROM interactions
WHERE tenant = {tenant:String}
  AND subject IN {subjects:Array(String)}
  AND event_id IN {ids:Array(UUID)}
LIMIT 1 BY event_id
SETTINGS prefer_column_name_to_alias = 1
