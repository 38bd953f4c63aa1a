-- A customer's identifiers and traits, as they were resolved.
SELECT
    arrayMap(named -> concat(named.kind, ':', named.value), identifiers) AS identifiers,
    identifiers.since AS since,
    identifiers.state AS state,
    traits
FROM profiles FINAL
WHERE tenant = {tenant:String}
  AND profile_id = {profile:UUID}
  AND state = 'live'
SETTINGS prefer_column_name_to_alias = 1
