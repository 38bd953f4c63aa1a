-- The subjects that are filed under a profile.
SELECT DISTINCT subject
FROM timeline
WHERE tenant = {tenant:String}
  AND profile_id = {profile:UUID}
ORDER BY subject
