-- Who has a claim on an identifier that is nobody's now: whose its past is, and whom a refused link names; there without
-- a profile where the map has no row of whom it names, who then is a profile alone.
SELECT
    profile_id,
    why,
    identifier,
    since,
    until
FROM
(
    SELECT
        toNullable(range.3) AS profile_id,
        'its past' AS why,
        subject AS identifier,
        range.1 AS since,
        range.2 AS until
    FROM identity_map FINAL
    ARRAY JOIN ranges AS range
    WHERE tenant = {tenant:String}
      AND subject = {name:String}
      AND range.4 IN ('linked', 'own')
    UNION ALL
    SELECT
        if(empty(held.owners), NULL, held.owners[-1]) AS profile_id,
        concat('refused: ', rule) AS why,
        other AS identifier,
        latest AS since,
        toDateTime64('2100-01-01 00:00:00', 3, 'UTC') AS until
    FROM
    (
        SELECT
            arrayJoin(arrayFilter(one -> one != {name:String}, identifiers)) AS other,
            argMax(changes.rule, changes.at) AS rule,
            max(changes.at) AS latest
        FROM identity_changes AS changes
        WHERE tenant = {tenant:String}
          AND what = 'refused'
          AND has(identifiers, {name:String})
        GROUP BY other
    ) AS refused
    LEFT ANY JOIN
    (
        SELECT subject, owners
        FROM identity_map FINAL
        WHERE tenant = {tenant:String}
          AND subject IN (
              SELECT arrayJoin(identifiers)
              FROM identity_changes
              WHERE tenant = {tenant:String}
                AND what = 'refused'
                AND has(identifiers, {name:String})
          )
    ) AS held ON refused.other = held.subject
)
ORDER BY
    since,
    identifier
LIMIT 100
