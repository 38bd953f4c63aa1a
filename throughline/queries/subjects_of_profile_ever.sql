-- The identifiers that a profile has or ever had: by the map, or as one identifier's own.
SELECT DISTINCT subject
FROM
(
    SELECT subject
    FROM profile_members
    WHERE tenant = {tenant:String}
      AND profile_id = {profile:UUID}
    UNION ALL
    SELECT subject
    FROM interactions
    WHERE tenant = {tenant:String}
      AND own_profile = {profile:UUID}
)
ORDER BY subject
