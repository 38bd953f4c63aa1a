-- How many interactions fall into ranges of time of subjects.
SELECT
    number,
    count() AS interactions
FROM
(
    SELECT
        subject,
        occurred_at
    FROM interactions FINAL
    WHERE tenant = {tenant:String}
      AND subject IN {subjects:Array(String)}
) AS filed
INNER JOIN
(
    SELECT
        arrayJoin(arrayZip(
            arrayEnumerate({subjects:Array(String)}),
            {subjects:Array(String)},
            {since:Array(Int64)},
            {until:Array(Int64)}
        )) AS moved,
        moved.1 - 1 AS number,
        moved.2 AS subject,
        fromUnixTimestamp64Milli(moved.3, 'UTC') AS since,
        fromUnixTimestamp64Milli(moved.4, 'UTC') AS until
) AS moves ON filed.subject = moves.subject
WHERE occurred_at >= since
  AND occurred_at < until
GROUP BY number
ORDER BY number
