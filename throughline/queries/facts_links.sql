-- The earliest links of some identifiers, of each so many to identifiers of one person and so many to shared ones.
--
-- Of the copies of a link the earliest counts; LIMIT BY finds it among few rows, FINAL would read them all.
SELECT
    named,
    to_shared,
    fact_id,
    fact,
    toUnixTimestamp64Milli(at) AS at_ms,
    left,
    right,
    event_id,
    source,
    target,
    target_fact,
    command_id,
    command,
    author,
    reason
FROM
(
    SELECT
        *,
        arrayJoin(arrayIntersect(arrayConcat(left, right), {identifiers:Array(String)})) AS named,
        if(named = left[1], right[1], left[1]) AS other,
        has({shared:Array(String)}, substring(other, 1, position(other, ':') - 1)) AS to_shared
    FROM
    (
        SELECT *
        FROM identity_evidence
        WHERE tenant = {tenant:String}
          AND fact = 'link'
          AND fact_id IN (
              SELECT fact_id
              FROM identifier_facts
              WHERE tenant = {tenant:String}
                AND identifier IN {identifiers:Array(String)}
          )
        ORDER BY at
        LIMIT 1 BY fact_id
    )
)
ORDER BY
    named,
    to_shared,
    at,
    fact_id
LIMIT {limit:UInt32} BY
    named,
    to_shared
