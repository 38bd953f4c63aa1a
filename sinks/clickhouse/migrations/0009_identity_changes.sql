-- What changed in identity and why, as identity.changes has it: the audit, kept for ever. Rows that come again collapse.

CREATE TABLE IF NOT EXISTS identity_change_log
(
    tenant LowCardinality(String) COMMENT 'Whose customers these are',
    change_id UUID COMMENT 'The same for the same change',
    version UInt64 COMMENT 'Which evidence made it: the generation of the topic, and the offset therein',
    at DateTime64(3, 'UTC') COMMENT 'When that evidence reached Kafka',
    what LowCardinality(String)
        COMMENT 'linked, merged, split, refused, accepted, contested, hub, cleared, command or rules',
    identifiers Array(String) COMMENT 'Of whom it speaks, each kind:value',
    profiles Array(UUID) COMMENT 'The profiles concerned; of merged ones the first remains',
    rule LowCardinality(String) COMMENT 'The rule that refused a link; else empty',
    evidence Array(UUID) COMMENT 'The facts that it rests on: fact_id of identity_evidence',
    command LowCardinality(String) COMMENT 'The operator''s command; else empty',
    author String COMMENT 'Who gave it; else empty',
    reason String COMMENT 'Why, in the operator''s words; else empty',
    stored_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was stored here',
    INDEX of_profiles profiles TYPE bloom_filter GRANULARITY 1,
    INDEX of_identifiers identifiers TYPE bloom_filter GRANULARITY 1
)
ENGINE = ReplacingMergeTree
ORDER BY (tenant, at, change_id)
SETTINGS
    index_granularity = 1024,
    min_bytes_for_wide_part = 134217728,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    non_replicated_deduplication_window = 100000,
    replicated_deduplication_window = 100000
COMMENT 'What changed in identity and why; query the view identity_changes';
