-- What the interactions that carry one of some identifiers say of the customer.
SELECT
    groupUniqArray(profile_id) AS profiles,
    arraySort(groupUniqArrayArray(identifiers)) AS identifiers,
    arraySort(groupUniqArray(channel)) AS channels,
    count() AS interactions,
    min(occurred_at) AS first_seen,
    max(occurred_at) AS last_seen
FROM timeline
WHERE tenant = {tenant:String}
  AND subject IN {subjects:Array(String)}
  AND hasAny(identifiers, {identifiers:Array(String)})
HAVING interactions > 0
SETTINGS prefer_column_name_to_alias = 1
