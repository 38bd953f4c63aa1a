-- The rows of the map of all that are or were a customer's, who is found by one of their identifiers (it is among
-- them). No rows: the map does not have it. Versions that are not merged yet may bring whom it was before as well, and
-- theirs: whoever reads this goes by the last owner (throughline/whose.py). To make sure here costs 3 ms.
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
        AND profile_id IN (
            SELECT owners[-1]
            FROM identity_map
            WHERE tenant = {tenant:String}
              AND subject = {name:String}
        )
  )
ORDER BY subject
