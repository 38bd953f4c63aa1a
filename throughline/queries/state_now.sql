-- Whether some identifiers are somebody's now: contested and hub ones are not.
SELECT
    subject AS identifier,
    ranges.state[-1] AS state,
    owners[-1] AS profile_id
FROM identity_map FINAL
WHERE tenant = {tenant:String}
  AND subject IN {identifiers:Array(String)}
  AND state IN ('contested', 'hub')
ORDER BY identifier
