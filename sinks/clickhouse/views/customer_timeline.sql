-- One customer's interactions, oldest first: customer_timeline(tenant = 'default', identifier = 'email:ada@example.com').
-- All interactions that carry the identifier, whatever they are filed under: a few ranges of the primary key.

CREATE OR REPLACE VIEW customer_timeline
AS SELECT *
FROM timeline
WHERE tenant = {tenant:String}
    AND subject IN
    (
        SELECT {identifier:String}
        UNION ALL
        SELECT subject
        FROM identifier_subjects
        WHERE tenant = {tenant:String} AND identifier = {identifier:String}
    )
    AND has(identifiers, {identifier:String})
ORDER BY occurred_at, event_id
COMMENT 'One customer''s interactions, oldest first: customer_timeline(tenant = ..., identifier = ''kind:value'')';
