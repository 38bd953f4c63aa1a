-- One customer's interactions, oldest first: customer_timeline(tenant = 'default', identifier = 'email:ada@example.com').
-- The identifier is any of the customer's, or a profile's id, of now or of once.
--
-- `owner`: whether the map has it, and whose it is now. A profile's id stands for itself while it owns anything; else for
-- whom the identifier that it was made from belongs to now, or for the profile that has most of what it consisted of.
-- `pieces`: the subjects that are or were the owner's, and of those that are or were another's as well, whose and until
-- when; rows of other owners are left out by them.
-- A profile's id that the map does not have is a subject by itself, found by own_profile.
-- Conditions on constants alone (`asked`, `owner`) are decided before anything is read: what they exclude costs no read.
-- No FINAL over interactions: a few ranges of the key are read, and copies go by LIMIT 1 BY, for less.

CREATE OR REPLACE VIEW customer_timeline
AS WITH
    toUUIDOrZero({identifier:String}) AS asked,
    toUUIDOrZero('') AS nobody,
    (
        SELECT tuple(
            count() > 0,
            multiIf(
                asked = nobody, any(owners[-1]),
                countIf(has(owners, asked)) > 0, asked,
                countIf(own_profile = asked) > 0, anyIf(owners[-1], own_profile = asked),
                topK(1)(owners[-1])[1]
            )
        )
        FROM identity_map FINAL
        WHERE tenant = {tenant:String}
            AND (
                subject = {identifier:String}
                OR subject IN
                (
                    SELECT subject
                    FROM profile_members
                    WHERE asked != nobody AND tenant = {tenant:String} AND profile_id = asked
                )
            )
    ) AS owner,
    (
        SELECT tuple(
            arrayPushBack(groupArray(subject), {identifier:String}),
            groupArrayIf(tuple(subject, untils, owners), owners != [owner.2])
        )
        FROM identity_map FINAL
        WHERE tenant = {tenant:String}
            AND subject IN
            (
                SELECT subject
                FROM profile_members
                WHERE tenant = {tenant:String} AND profile_id = owner.2
            )
    ) AS pieces
SELECT
    tenant,
    if(owner.1, owner.2, own_profile) AS profile_id,
    subject,
    event_id,
    message_id,
    occurred_at,
    addMilliseconds(occurred_at, ifNull(clock_skew_ms, 0)) AS corrected_at,
    sent_at,
    received_at,
    stored_at,
    clock_skew_ms,
    channel,
    source,
    adapter,
    type,
    name,
    direction,
    conversation,
    agent,
    text,
    amount,
    currency,
    score,
    score_scale,
    duration_s,
    arrayMap(named -> concat(named.kind, ':', named.value), identifiers) AS identifiers,
    traits,
    properties,
    CAST(context, 'JSON') AS context,
    fingerprint,
    raw_topic,
    raw_topic_id,
    raw_partition,
    raw_offset,
    replay_of
FROM interactions
WHERE tenant = {tenant:String}
    AND if(owner.1 OR asked = nobody, subject IN pieces.1, own_profile = asked)
    AND NOT arrayExists(
        piece -> piece.1 = subject
            AND piece.3[arrayFirstIndex(until -> occurred_at < until, piece.2)] != owner.2,
        pieces.2
    )
ORDER BY occurred_at, event_id, precedence DESC
LIMIT 1 BY event_id
COMMENT 'One customer''s interactions, oldest first: customer_timeline(tenant = ..., identifier = ''kind:value'')';
