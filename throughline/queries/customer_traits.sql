-- The latest traits of a customer, oldest first: later ones win, trait by trait.
SELECT traits
FROM
(
    SELECT
        traits,
        occurred_at,
        event_id
    FROM timeline
    WHERE tenant = {tenant:String}
      AND subject IN {subjects:Array(String)}
      AND hasAny(identifiers, {identifiers:Array(String)})
      AND toString(traits) != '{}'
    ORDER BY
        occurred_at DESC,
        event_id DESC
    LIMIT 1000
)
ORDER BY
    occurred_at,
    event_id
