-- The map's rows of all that are or were a profile's.
SELECT
    subject,
    own_profile,
    arrayMap(until -> toUnixTimestamp64Milli(until), untils) AS untils,
    owners
FROM identity_map FINAL
WHERE tenant = {tenant:String}
  AND subject IN (
      SELECT subject
      FROM profile_members
      WHERE tenant = {tenant:String}
        AND profile_id = {profile:UUID}
  )
ORDER BY subject
