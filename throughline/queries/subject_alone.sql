-- The subject whose own profile this is, of those that the map does not have.
SELECT DISTINCT subject
FROM interactions
WHERE tenant = {tenant:String}
  AND own_profile = {profile:UUID}
