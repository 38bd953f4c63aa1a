-- Which open fields each source has sent, and since when: what the view data_quality tells new fields by.
--
-- Collected beside the inserts, every ten minutes, from the rows that are new: no insert pays for it. The overlap is longer
-- than any insert takes; what is read twice changes nothing. After a pause it goes on where it was.
-- A source that writes ids into its fields' names would fill the disk: a thousand at a time are enough to see it.

CREATE TABLE IF NOT EXISTS fields_seen
(
    tenant LowCardinality(String) COMMENT 'Whose customers these are',
    source LowCardinality(String) COMMENT 'The configured source',
    field String COMMENT 'traits.<path> or properties.<path>; a dot within a key is written %2E',
    first_seen SimpleAggregateFunction(min, DateTime64(3, 'UTC')) COMMENT 'When the first interaction with it was received',
    last_seen SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'When the newest with it was received',
    read_until SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'When the newest with it was stored'
)
ENGINE = AggregatingMergeTree
ORDER BY (tenant, source, field)
COMMENT 'The open fields that each source has sent, and since when';

ALTER TABLE interactions
    ADD INDEX IF NOT EXISTS of_stored_at stored_at TYPE minmax GRANULARITY 4;

CREATE MATERIALIZED VIEW IF NOT EXISTS interactions_to_fields_seen
REFRESH EVERY 10 MINUTE APPEND
TO fields_seen
(
    tenant LowCardinality(String) COMMENT 'Whose customers these are',
    source LowCardinality(String) COMMENT 'The configured source',
    field String COMMENT 'traits.<path> or properties.<path>',
    first_seen DateTime64(3, 'UTC') COMMENT 'When the first interaction with it was received',
    last_seen DateTime64(3, 'UTC') COMMENT 'When the newest with it was received',
    read_until DateTime64(3, 'UTC') COMMENT 'When the newest with it was stored'
)
AS SELECT
    tenant,
    source,
    arrayJoin(arrayConcat(
        arrayMap(path -> concat('traits.', path), JSONAllPaths(traits)),
        arrayMap(path -> concat('properties.', path), JSONAllPaths(properties))
    )) AS field,
    min(received_at) AS first_seen,
    max(received_at) AS last_seen,
    max(stored_at) AS read_until
FROM interactions
WHERE stored_at > (SELECT max(read_until) FROM fields_seen) - INTERVAL 10 MINUTE
GROUP BY tenant, source, field
LIMIT 1000 BY tenant, source
COMMENT 'Collects the open fields of what is new';
