-- Whose an identifier is now, or what has become of a profile; `known` says whether the map has it. As customer_timeline.
WITH
    toUUIDOrZero({name:String}) AS asked,
    toUUIDOrZero('') AS nobody
SELECT
    count() > 0 AS known,
    multiIf(
        asked = nobody, any(owners[-1]),
        countIf(has(owners, asked)) > 0, asked,
        countIf(own_profile = asked) > 0, anyIf(owners[-1], own_profile = asked),
        topK(1)(owners[-1])[1]
    ) AS profile_id
FROM identity_map FINAL
WHERE tenant = {tenant:String}
  AND (
      subject = {name:String}
      OR subject IN (
          SELECT subject
          FROM profile_members
          WHERE tenant = {tenant:String}
            AND profile_id = asked
      )
  )
