-- Every customer with an interaction: counts and times from the timeline, identifiers and traits as they were resolved.

CREATE OR REPLACE VIEW customers
(
    tenant LowCardinality(String) COMMENT 'Whose customer this is',
    profile_id UUID COMMENT 'The customer',
    identifiers Array(String) COMMENT 'What the customer is known by, each kind:value',
    traits JSON COMMENT 'Facts about the customer, the latest of each; a dot within a name is written %2E',
    channels Array(String) COMMENT 'Where there were interactions',
    interactions UInt64 COMMENT 'How many',
    first_seen DateTime64(3, 'UTC') COMMENT 'When the first of them happened',
    last_seen DateTime64(3, 'UTC') COMMENT 'When the latest of them happened'
)
AS SELECT
    seen.tenant AS tenant,
    seen.profile_id AS profile_id,
    if(
        empty(known.identifiers),
        seen.subjects,
        arrayMap(named -> concat(named.kind, ':', named.value), known.identifiers)
    ) AS identifiers,
    known.trait_values AS traits,
    seen.channels AS channels,
    seen.interactions AS interactions,
    seen.first_seen AS first_seen,
    seen.last_seen AS last_seen
FROM
(
    SELECT
        tenant,
        profile_id,
        arraySort(groupUniqArray(1000)(subject)) AS subjects,
        arraySort(groupUniqArray(toString(channel))) AS channels,
        count() AS interactions,
        min(occurred_at) AS first_seen,
        max(occurred_at) AS last_seen
    FROM timeline
    GROUP BY tenant, profile_id
) AS seen
LEFT ANY JOIN
(
    SELECT tenant, profile_id, identifiers, trait_values
    FROM profiles FINAL
    WHERE state = 'live'
) AS known ON seen.tenant = known.tenant AND seen.profile_id = known.profile_id
COMMENT 'Customers: what they are known by, facts about them, where and when they were seen';
