-- The latest interactions of a customer, latest first. Whose they are is worked out before (throughline/whose.py): a
-- customer's subjects, less the ranges of time in which one of them was another's. Copies go by LIMIT 1 BY.
-- Without `profile` only what is printed for people: half the columns, and no JSON. PREWHERE: where ClickHouse chooses
-- what to read first, planning takes longer.
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
    conversation, -- if profile
    agent, -- if profile
    source,
    subject, -- if profile
    arrayMap(named -> concat(named.kind, ':', named.value), identifiers) AS identifiers, -- if profile
    toUUID({profile:String}) AS profile_id, -- if profile
    message_id, -- if profile
    addMilliseconds(occurred_at, ifNull(clock_skew_ms, 0)) AS corrected_at, -- if profile
    received_at, -- if profile
    stored_at, -- if profile
    properties, -- if profile
    event_id
FROM interactions
PREWHERE tenant = {tenant:String}
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
