-- What the interactions of a customer say: where, how many, and when each identifier was seen in them.
WITH
    mine AS
    (
        SELECT
            occurred_at,
            channel,
            arrayMap(named -> concat(named.kind, ':', named.value), identifiers) AS names
        FROM interactions
        WHERE tenant = {tenant:String}
          AND subject IN {subjects:Array(String)}
          AND NOT arrayExists( -- if others
              (other, begin, end) -> other = subject -- if others
                  AND toUnixTimestamp64Milli(occurred_at) >= begin -- if others
                  AND toUnixTimestamp64Milli(occurred_at) < end, -- if others
              {others:Array(String)}, -- if others
              {begins:Array(Int64)}, -- if others
              {ends:Array(Int64)} -- if others
          ) -- if others
        LIMIT 1 BY event_id
    ),
    (
        SELECT arraySort(groupArray((identifier, first_seen, last_seen)))
        FROM
        (
            SELECT
                arrayJoin(names) AS identifier,
                min(occurred_at) AS first_seen,
                max(occurred_at) AS last_seen
            FROM mine
            GROUP BY identifier
        )
    ) AS seen
SELECT
    arrayMap(one -> one.1, seen) AS identifiers,
    arrayMap(one -> one.2, seen) AS identifiers_first_seen,
    arrayMap(one -> one.3, seen) AS identifiers_last_seen,
    arraySort(groupUniqArray(toString(channel))) AS channels,
    count() AS interactions,
    min(occurred_at) AS first_seen,
    max(occurred_at) AS last_seen
FROM mine
HAVING interactions > 0
