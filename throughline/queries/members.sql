-- The rows of the map of all that are or were a customer's, who is found by one of their identifiers (it is among
-- them). No rows: the map does not have it.
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
        AND profile_id = (
            SELECT any(owners[-1])
            FROM identity_map FINAL
            WHERE tenant = {tenant:String}
              AND subject = {name:String}
        )
  )
ORDER BY subject
