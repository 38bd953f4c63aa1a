-- Whose some identifiers are and were, as the map has it.
SELECT
    subject,
    arrayMap(r -> toUnixTimestamp64Milli(r.since), ranges) AS since,
    arrayMap(r -> toUnixTimestamp64Milli(r.until), ranges) AS until,
    ranges.profile AS profile,
    ranges.state AS state
FROM identity_map FINAL
WHERE tenant = {tenant:String}
  AND subject IN {identifiers:Array(String)}
SETTINGS prefer_column_name_to_alias = 1
