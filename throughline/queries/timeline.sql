-- The latest interactions of a customer, oldest first.
SELECT *
FROM
(
    SELECT
        occurred_at,
        channel,
        type,
        name,
        direction,
        text,
        amount,
        currency,
        duration_s,
        conversation,
        agent,
        source,
        subject,
        identifiers,
        profile_id,
        event_id,
        message_id,
        corrected_at,
        received_at,
        stored_at,
        properties
    FROM customer_timeline(tenant = {tenant:String}, identifier = {name:String})
    WHERE occurred_at >= {since:DateTime64(3, 'UTC')}
      AND occurred_at < {until:DateTime64(3, 'UTC')}
      AND ({channel:String} = '' OR channel = {channel:String})
      AND ({type:String} = '' OR type = {type:String})
    ORDER BY occurred_at DESC, event_id DESC
    LIMIT {limit:UInt32}
)
ORDER BY occurred_at, event_id
