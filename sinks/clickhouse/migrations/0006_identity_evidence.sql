-- The facts that profiles are a function of, as identity.evidence has them: kept whole, for ever.
--
-- A link seen again has the same id; of its copies the earliest counts: the version counts down with `at`.
-- Ids are random, so small granules: what an identifier is part of are a few facts here and there.

CREATE TABLE IF NOT EXISTS identity_evidence
(
    tenant LowCardinality(String) COMMENT 'Whose customers these are; empty for rules, which are every tenant''s',
    fact_id UUID COMMENT 'The same for the same fact, so that copies meet',
    fact LowCardinality(String)
        COMMENT 'link and traits were seen in an interaction; tie, keep_apart, block, handover, erase, retract, rules were said by an operator',
    at DateTime64(3, 'UTC') COMMENT 'Since when it holds: when the interaction happened; the moment that a handover names',
    left Array(String) COMMENT 'Of whom it speaks, each kind:value; a link''s one end',
    right Array(String) COMMENT 'The other side of a link, tie or keep_apart, each kind:value',
    event_id Nullable(UUID) COMMENT 'The interaction that showed it',
    source LowCardinality(String) COMMENT 'The source of that interaction; empty where there is none',
    traits String DEFAULT '{}' COMMENT 'What a traits fact says, as JSON text',
    target Nullable(UUID) COMMENT 'The fact that a retract takes back',
    target_fact LowCardinality(String) COMMENT 'What kind of fact that is; else empty',
    rules String DEFAULT '{}' COMMENT 'The rules that hold from then on, as JSON text',
    command_id Nullable(UUID) COMMENT 'The operator''s command that it is part of',
    command LowCardinality(String) COMMENT 'That command''s name; else empty',
    author String COMMENT 'Who gave the command; else empty',
    reason String COMMENT 'Why, in the operator''s words; else empty',
    stored_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was stored here',
    precedence UInt64 MATERIALIZED bitNot(toUInt64(toUnixTimestamp64Milli(at)))
        COMMENT 'Greater for what is earlier: of copies the greatest stays',
    INDEX commands command_id TYPE bloom_filter GRANULARITY 4
)
ENGINE = ReplacingMergeTree(precedence)
ORDER BY (tenant, fact_id)
SETTINGS
    index_granularity = 256,
    min_bytes_for_wide_part = 134217728,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    non_replicated_deduplication_window = 100000,
    replicated_deduplication_window = 100000
COMMENT 'Facts about identifiers: what profiles are made from';

CREATE TABLE IF NOT EXISTS identifier_facts
(
    tenant LowCardinality(String) COMMENT 'Whose customers these are',
    identifier String COMMENT 'An identifier, kind:value',
    fact_id UUID COMMENT 'A fact of identity_evidence that names it on either side'
)
ENGINE = ReplacingMergeTree
ORDER BY (tenant, identifier, fact_id)
SETTINGS
    index_granularity = 1024,
    min_bytes_for_wide_part = 134217728,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    non_replicated_deduplication_window = 100000,
    replicated_deduplication_window = 100000
COMMENT 'The way from an identifier to the facts that name it';

CREATE MATERIALIZED VIEW IF NOT EXISTS identity_evidence_to_identifier_facts TO identifier_facts
(
    tenant LowCardinality(String) COMMENT 'Whose customers these are',
    identifier String COMMENT 'An identifier, kind:value',
    fact_id UUID COMMENT 'A fact that names it on either side'
)
AS SELECT tenant, arrayJoin(arrayDistinct(arrayConcat(left, right))) AS identifier, fact_id
FROM identity_evidence
COMMENT 'Writes which facts name an identifier';
