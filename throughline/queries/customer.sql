-- What the interactions of a customer say: where, how many, and when each identifier was seen in them.
WITH
    (
        SELECT arraySort(groupArray((identifier, first_seen, last_seen)))
        FROM
        (
            SELECT
                arrayJoin(identifiers) AS identifier,
                min(occurred_at) AS first_seen,
                max(occurred_at) AS last_seen
            FROM customer_timeline(tenant = {tenant:String}, identifier = {name:String})
            GROUP BY identifier
        )
    ) AS seen
SELECT
    arrayMap(one -> one.1, seen) AS identifiers,
    arrayMap(one -> one.2, seen) AS identifiers_first_seen,
    arrayMap(one -> one.3, seen) AS identifiers_last_seen,
    arraySort(groupUniqArray(toString(channel))) AS channels,
    count() AS interactions,
    min(occurred_at) AS first_seen,
    max(occurred_at) AS last_seen
FROM customer_timeline(tenant = {tenant:String}, identifier = {name:String})
HAVING interactions > 0
