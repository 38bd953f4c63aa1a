-- What the interactions that carry one of some identifiers say of the customer: identifiers, latest traits, channels, first and last seen.
SELECT
    any(tenant) AS tenant,
    groupUniqArray(profile_id) AS profiles,
    arraySort(groupUniqArrayArray(identifiers)) AS identifiers,
    argMaxIf(traits, (occurred_at, event_id), toString(traits) != '{}') AS traits,
    arraySort(groupUniqArray(channel)) AS channels,
    count() AS interactions,
    min(occurred_at) AS first_seen,
    max(occurred_at) AS last_seen
FROM timeline
WHERE tenant = {tenant:String}
  AND subject IN {subjects:Array(String)}
  AND hasAny(identifiers, {identifiers:Array(String)})
HAVING interactions > 0
