-- Customers, as customer.profiles has them: profiles of two or more identifiers, or with a trait. Replaced as a whole, by version.
--
-- Traits are kept as they came, and once more by value for those who filter on them.

CREATE TABLE IF NOT EXISTS profiles
(
    tenant LowCardinality(String) COMMENT 'Whose customer this is',
    profile_id UUID COMMENT 'The customer',
    version UInt64 COMMENT 'Which evidence it was made from: the generation of the topic, and the offset therein',
    state LowCardinality(String) COMMENT 'live, or absorbed by another profile',
    absorbed_by Nullable(UUID) COMMENT 'The profile that absorbed it',
    identifiers Array(Tuple(
        kind LowCardinality(String),
        value String,
        since DateTime64(3, 'UTC'),
        state LowCardinality(String)
    )) COMMENT 'What it consists of: since when each is its, and how: linked, own, contested or hub',
    traits String DEFAULT '{}' COMMENT 'Facts about the customer, as JSON text: {name: {value, source, at}}',
    trait_values JSON MATERIALIZED CAST(
        concat('{', arrayStringConcat(arrayMap(
            trait -> concat(toJSONString(trait.1), ':', JSONExtractRaw(trait.2, 'value')),
            JSONExtractKeysAndValuesRaw(traits)
        ), ','), '}'),
        'JSON'
    ) COMMENT 'The same without source and time: {name: value}; a dot within a name is written %2E'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, profile_id)
SETTINGS
    index_granularity = 1024,
    min_bytes_for_wide_part = 134217728,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    non_replicated_deduplication_window = 100000,
    replicated_deduplication_window = 100000
COMMENT 'Identifiers and traits of customers; query the view customers';
