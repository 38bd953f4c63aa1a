-- The same as timeline.sql, with what is printed for people alone: half the columns, and no JSON.
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
    source,
    event_id
FROM interactions
WHERE tenant = {tenant:String}
  AND subject IN {subjects:Array(String)}
  AND occurred_at >= {since:DateTime64(3, 'UTC')} -- if since
  AND occurred_at < {until:DateTime64(3, 'UTC')} -- if until
  AND channel = {channel:String} -- if channel
  AND type = {type:String} -- if type
  AND NOT arrayExists( -- if others
      (other, begin, end) -> other = subject -- if others
          AND toUnixTimestamp64Milli(occurred_at) >= begin -- if others
          AND toUnixTimestamp64Milli(occurred_at) < end, -- if others
      {others:Array(String)}, -- if others
      {begins:Array(Int64)}, -- if others
      {ends:Array(Int64)} -- if others
  ) -- if others
ORDER BY occurred_at DESC, event_id DESC, precedence DESC
LIMIT 1 BY event_id
LIMIT {limit:UInt32}
