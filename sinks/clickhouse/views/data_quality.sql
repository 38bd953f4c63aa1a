-- The quality of what each source sends, by hour of receipt. A condition on hour, tenant or source is applied before
-- anything is counted: name one, as hour >= now() - INTERVAL 1 DAY.
--
-- Copies that no part recognised count until ClickHouse has collapsed them. Shares are from 0 to 1.

CREATE OR REPLACE VIEW data_quality
(
    tenant LowCardinality(String) COMMENT 'Whose customers these are; empty where a rejected delivery names none',
    source LowCardinality(String) COMMENT 'The configured source',
    hour DateTime('UTC') COMMENT 'The hour in which the intake had it',
    interactions UInt64 COMMENT 'Uniqueness: stored, once each',
    with_identifier Float64 COMMENT 'Completeness: share that names the customer at all',
    with_strong_identifier Float64 COMMENT 'Completeness: share with more than a browser''s or a device''s id',
    fields Map(String, Float64) COMMENT 'Completeness: share that has each standard field',
    duplicates UInt64 COMMENT 'Uniqueness: copies that were recognised',
    rejected UInt64 COMMENT 'Accuracy: what could not be accepted',
    rejected_by_reason Map(String, UInt64) COMMENT 'Accuracy: the same by reason',
    rejected_share Float64 COMMENT 'Accuracy: rejected of all that came, copies included',
    delay_median_s Float64 COMMENT 'Timeliness: from occurred to received, seconds; negative where the device''s clock is fast',
    delay_p99_s Float64 COMMENT 'Timeliness: the same, 99th percentile',
    clock_skew_median_s Nullable(Float64) COMMENT 'Consistency: from sent, by the device''s clock, to received, seconds',
    clock_skew_p99_s Nullable(Float64) COMMENT 'Consistency: the same, 99th percentile of its size',
    out_of_order Float64 COMMENT 'Consistency: share that happened before something that was received earlier in the hour',
    new_fields Array(String) COMMENT 'Consistency: open fields that the source had never sent before; ten minutes late at most'
)
AS WITH
    stored AS
    (
        SELECT
            tenant,
            source,
            toStartOfHour(received_at, 'UTC') AS hour,
            occurred_at,
            received_at,
            sent_at,
            identifiers.kind AS kinds,
            [
                ('message_id', message_id != ''), ('name', name != ''), ('direction', direction != ''),
                ('conversation', conversation != ''), ('agent', agent != ''), ('text', text != ''),
                ('amount', amount IS NOT NULL), ('currency', currency != ''), ('score', score IS NOT NULL),
                ('duration_s', duration_s IS NOT NULL), ('sent_at', sent_at IS NOT NULL)
            ]::Map(String, UInt8) AS has,
            max(occurred_at) OVER (
                PARTITION BY tenant, source, hour
                ORDER BY received_at
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS latest_before
        FROM interactions
    ),
    counted AS
    (
        SELECT
            tenant,
            source,
            hour,
            count() AS interactions,
            countIf(notEmpty(kinds)) / count() AS with_identifier,
            countIf(arrayExists(kind -> kind NOT IN ('anonymous_id', 'device_id'), kinds)) / count() AS with_strong_identifier,
            mapApply((field, times) -> (field, times / count()), sumMap(has)) AS fields,
            quantilesTDigest(0.5, 0.99)(dateDiff('millisecond', occurred_at, received_at)) AS delays,
            quantileTDigestIf(0.5)(dateDiff('millisecond', sent_at, received_at), sent_at IS NOT NULL) AS skew,
            quantileTDigestIf(0.99)(abs(dateDiff('millisecond', sent_at, received_at)), sent_at IS NOT NULL) AS skew_size,
            countIf(occurred_at < latest_before) / count() AS out_of_order
        FROM stored
        GROUP BY tenant, source, hour
    ),
    beside AS
    (
        SELECT
            tenant,
            source,
            toStartOfHour(received_at, 'UTC') AS hour,
            count() AS copies,
            '' AS reason,
            0 AS refused,
            []::Array(String) AS appeared
        FROM interactions_duplicates
        GROUP BY tenant, source, hour
        UNION ALL
        SELECT tenant, source, toStartOfHour(received_at, 'UTC') AS hour, 0, reason, count(), []
        FROM interactions_rejected
        GROUP BY tenant, source, hour, reason
        UNION ALL
        SELECT tenant, source, toStartOfHour(min(first_seen), 'UTC') AS hour, 0, '', 0, [field]
        FROM fields_seen
        GROUP BY tenant, source, field
    )
SELECT
    tenant,
    source,
    hour,
    sum(part.interactions) AS interactions,
    argMax(part.with_identifier, part.interactions) AS with_identifier,
    argMax(part.with_strong_identifier, part.interactions) AS with_strong_identifier,
    argMax(part.fields, part.interactions) AS fields,
    sum(copies) AS duplicates,
    sum(refused) AS rejected,
    sumMap(if(refused = 0, map(), map(reason, refused))) AS rejected_by_reason,
    rejected / (interactions + duplicates + rejected) AS rejected_share,
    argMax(delays[1], part.interactions) / 1000 AS delay_median_s,
    argMax(delays[2], part.interactions) / 1000 AS delay_p99_s,
    argMax(skew, part.interactions) / 1000 AS clock_skew_median_s,
    argMax(skew_size, part.interactions) / 1000 AS clock_skew_p99_s,
    argMax(part.out_of_order, part.interactions) AS out_of_order,
    groupUniqArrayArray(appeared) AS new_fields
FROM
(
    SELECT *, 0 AS copies, '' AS reason, 0 AS refused, []::Array(String) AS appeared
    FROM counted
    UNION ALL
    SELECT
        tenant,
        source,
        hour,
        0 AS interactions,
        0 AS with_identifier,
        0 AS with_strong_identifier,
        map() AS fields,
        [] AS delays,
        0 AS skew,
        0 AS skew_size,
        0 AS out_of_order,
        copies,
        reason,
        refused,
        appeared
    FROM beside
) AS part
GROUP BY tenant, source, hour
COMMENT 'The quality of what each source sends, by hour';
