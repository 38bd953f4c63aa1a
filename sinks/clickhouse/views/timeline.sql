-- Every interaction once, under its customer. FINAL collapses copies at query time; a year's copies never meet another
-- year's rows, so each partition is read by itself.
--
-- Whose it is: the owner of its subject at the moment when it happened; its own profile where the map has no row. Joined
-- by the map's whole key, so that a condition on tenant or subject is a range of both tables' keys.

CREATE OR REPLACE VIEW timeline
(
    tenant LowCardinality(String) COMMENT 'Whose customer this is',
    profile_id UUID COMMENT 'The customer: whose the subject was at that moment, as it is known now',
    subject String COMMENT 'The identifier that it is filed under, kind:value',
    event_id UUID COMMENT 'The interaction''s id; the same on every retry',
    message_id String COMMENT 'The provider''s own id, as it came; empty where there is none',
    occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened, as it was sent',
    corrected_at DateTime64(3, 'UTC')
        COMMENT 'occurred_at by our clock: received_at - (sent_at - occurred_at); occurred_at where sent_at is unknown',
    sent_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the device says that it sent it, by its own clock',
    received_at DateTime64(3, 'UTC') COMMENT 'When the intake had it',
    stored_at DateTime64(3, 'UTC') COMMENT 'When it was stored here',
    clock_skew_ms Nullable(Int64) COMMENT 'received_at - sent_at in milliseconds',
    channel LowCardinality(String) COMMENT 'web, mobile, social, call_center, email, chat, sms, survey or store',
    source LowCardinality(String) COMMENT 'The configured source that took it',
    adapter LowCardinality(String) COMMENT 'The adapter that decoded it',
    type LowCardinality(String) COMMENT 'view, action, message, call, delivery, order, survey, case or identity',
    name String COMMENT 'The event''s name, page''s title or subject line; empty where there is none',
    direction LowCardinality(String) COMMENT 'inbound: from the customer; outbound: to the customer; else empty',
    conversation String COMMENT 'What ties messages or calls together: thread, call, ticket; else empty',
    agent String COMMENT 'Who served the customer; else empty',
    text String COMMENT 'What was written or said; else empty',
    amount Nullable(Decimal(38, 9)) COMMENT 'Money, in units of currency',
    currency LowCardinality(String) COMMENT 'ISO 4217; empty where there is none',
    score Nullable(Float64) COMMENT 'A survey''s score',
    score_scale Nullable(Float64) COMMENT 'The highest score possible',
    duration_s Nullable(Float64) COMMENT 'Seconds',
    identifiers Array(String) COMMENT 'Everything in it that names the customer, each kind:value',
    traits JSON COMMENT 'Facts about the customer; a dot within a key is written %2E',
    properties JSON COMMENT 'What else was said about the act; a dot within a key is written %2E',
    context JSON COMMENT 'The circumstances: page, device, library, campaign, headers; parsed when it is read',
    fingerprint String COMMENT 'BLAKE2b-64 over what was said, in hexadecimal',
    raw_topic LowCardinality(String) COMMENT 'The topic of the first copy that was stored',
    raw_topic_id UUID COMMENT 'That topic''s id: offsets start again when a topic is made anew',
    raw_partition Int32 COMMENT 'The partition of the first copy that was stored',
    raw_offset Int64 COMMENT 'The offset of the first copy that was stored',
    replay_of Nullable(UUID) COMMENT 'The rejected record that was sent again as this interaction; else NULL'
)
AS SELECT
    interactions.tenant AS tenant,
    if(
        empty(held.owners),
        own_profile,
        held.owners[arrayFirstIndex(until -> interactions.occurred_at < until, held.untils)]
    ) AS profile_id,
    interactions.subject AS subject,
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
FROM interactions FINAL
LEFT ANY JOIN
(
    SELECT tenant, subject, owners, untils
    FROM identity_map FINAL
) AS held ON interactions.tenant = held.tenant AND interactions.subject = held.subject
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'Every interaction once, whatever the channel, under its customer';
