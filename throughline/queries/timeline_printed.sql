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
  AND occurred_at >= {since:DateTime64(3, 'UTC')}
  AND occurred_at < {until:DateTime64(3, 'UTC')}
  AND ({channel:String} = '' OR channel = {channel:String})
  AND ({type:String} = '' OR type = {type:String})
  AND NOT arrayExists(
      (other, begin, end) -> other = subject
          AND toUnixTimestamp64Milli(occurred_at) >= begin
          AND toUnixTimestamp64Milli(occurred_at) < end,
      {others:Array(String)},
      {begins:Array(Int64)},
      {ends:Array(Int64)}
  )
ORDER BY occurred_at DESC, event_id DESC, precedence DESC
LIMIT 1 BY event_id
LIMIT {limit:UInt32}
