-- The timeline's rows: one an interaction, as timeline.events has it. Rows are never rewritten.
--
-- Copies that the processors let pass (a partition that moved to a worker without its dedupe store) have the same
-- sorting key and collapse. Nothing that may ever change is in the sorting or partition key.
-- Of copies the first that was stored stays: the version counts down with time.
-- Subject first and small granules: a customer's timeline is one range read. By year: few parts.
-- fsync: what was acknowledged survives a power cut. Parts stay compact until merged: few files, few fsyncs an insert.
-- The window remembers the tokens of the last inserts, so that an insert which is sent again stores nothing.

CREATE TABLE IF NOT EXISTS interactions
(
    tenant LowCardinality(String) COMMENT 'Whose customer this is',
    subject String COMMENT 'The identifier that it is filed under, kind:value; the strongest one in it',
    event_id UUID COMMENT 'The same on every retry: made from tenant, source and the provider''s own id',
    fingerprint String COMMENT 'BLAKE2b-64 over what was said, in hexadecimal; tells a copy from a conflict',
    message_id String COMMENT 'The provider''s own id, as it came; empty where there is none',
    source LowCardinality(String) COMMENT 'The configured source that took it',
    adapter LowCardinality(String) COMMENT 'The adapter that decoded it',
    channel LowCardinality(String) COMMENT 'The medium: web, mobile, social, call_center, email, chat, sms, survey, store',
    type LowCardinality(String) COMMENT 'view, action, message, call, delivery, order, survey, case, identity',
    name String COMMENT 'The event''s name, page''s title or subject line; empty where there is none',
    occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened, as it was sent',
    sent_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the device says that it sent it, by its own clock',
    received_at DateTime64(3, 'UTC') COMMENT 'When the intake had it',
    stored_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was stored here',
    direction LowCardinality(String) COMMENT 'inbound: from the customer; outbound: to the customer; else empty',
    identifiers Array(Tuple(kind LowCardinality(String), value String))
        COMMENT 'Everything in it that names the customer, in normal form',
    traits JSON COMMENT 'Facts about the customer; a dot within a key is written %2E',
    conversation String COMMENT 'What ties messages or calls together: thread, call, ticket; else empty',
    agent String COMMENT 'Who served the customer; else empty',
    text String COMMENT 'What was written or said; else empty',
    amount Nullable(Decimal(38, 9)) COMMENT 'Money, in units of currency',
    currency LowCardinality(String) COMMENT 'ISO 4217; empty where there is none',
    score Nullable(Float64) COMMENT 'A survey''s score',
    score_scale Nullable(Float64) COMMENT 'The highest score possible',
    duration_s Nullable(Float64) COMMENT 'Seconds',
    properties JSON COMMENT 'What else was said about the act; a dot within a key is written %2E',
    context String DEFAULT '{}' COMMENT 'The circumstances, as JSON text: page, device, library, campaign, headers',
    raw_topic LowCardinality(String) COMMENT 'The topic of the first copy that was stored',
    raw_topic_id UUID COMMENT 'That topic''s id: offsets start again when a topic is made anew',
    raw_partition Int32 COMMENT 'The partition of the first copy that was stored',
    raw_offset Int64 COMMENT 'The offset of the first copy that was stored',
    schema UInt8 COMMENT 'The version of the interaction''s schema',
    clock_skew_ms Nullable(Int64) MATERIALIZED dateDiff('millisecond', sent_at, received_at)
        COMMENT 'received_at - sent_at in milliseconds: how far the device''s clock is behind, travel included',
    own_profile UUID MATERIALIZED arrayMap(
        digest -> reinterpretAsUUID(concat(
            reinterpretAsFixedString(bitOr(0x5000, bitAnd(0xFFFFFFFFFFFF0FFF,
                reinterpretAsUInt64(reverse(substring(digest, 1, 8)))))),
            reinterpretAsFixedString(bitOr(0x8000000000000000, bitAnd(0x3FFFFFFFFFFFFFFF,
                reinterpretAsUInt64(reverse(substring(digest, 9, 8))))))
        )),
        [SHA1(concat(unhex('6a0f7c1e5c1b5f0e9d557d1a3c0b9e42'), tenant, '|', subject, '|0'))]
    )[1] COMMENT 'The profile that the subject is by itself: UUID version 5 of tenant, subject and epoch 0',
    precedence UInt64 MATERIALIZED bitNot(toUInt64(toUnixTimestamp64Milli(stored_at)))
        COMMENT 'Greater for what was stored earlier: of copies the greatest stays'
)
ENGINE = ReplacingMergeTree(precedence)
PARTITION BY toYear(occurred_at)
ORDER BY (tenant, subject, occurred_at, event_id)
SETTINGS
    index_granularity = 1024,
    min_bytes_for_wide_part = 134217728,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    non_replicated_deduplication_window = 100000,
    replicated_deduplication_window = 100000
COMMENT 'Interactions, one row each; query the view timeline';
