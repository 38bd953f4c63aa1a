-- Which subjects an identifier was ever seen with, beside itself: the way from any identifier to its interactions.
--
-- GROUP BY, not DISTINCT: it costs an insert of few rows half as much.

CREATE TABLE IF NOT EXISTS identifier_subjects
(
    tenant LowCardinality(String) COMMENT 'Whose customer this is',
    identifier String COMMENT 'An identifier, kind:value, of interactions that are filed under another one',
    subject String COMMENT 'The identifier that they are filed under, kind:value'
)
ENGINE = ReplacingMergeTree
ORDER BY (tenant, identifier, subject)
SETTINGS
    index_granularity = 1024,
    min_bytes_for_wide_part = 134217728,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    non_replicated_deduplication_window = 100000,
    replicated_deduplication_window = 100000
COMMENT 'Which subjects an identifier was seen with';

CREATE MATERIALIZED VIEW IF NOT EXISTS interactions_to_identifier_subjects TO identifier_subjects
(
    tenant LowCardinality(String) COMMENT 'Whose customer this is',
    identifier String COMMENT 'An identifier of interactions that are filed under another one',
    subject String COMMENT 'The identifier that they are filed under'
)
AS SELECT
    tenant,
    arrayJoin(arrayFilter(
        identifier -> identifier != subject,
        arrayMap(named -> concat(named.kind, ':', named.value), identifiers)
    )) AS identifier,
    subject
FROM interactions
GROUP BY ALL
COMMENT 'Writes which subjects an identifier was seen with';
