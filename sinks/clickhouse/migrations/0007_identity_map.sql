-- Whose each subject is and was, as identity.map has it. One row a subject with all its ranges inside, replaced as a
-- whole: rows of the same version are the same, the highest version wins, in whatever order they arrive.
--
-- A subject without a row, or with no ranges, is its own profile: `own_profile`, as in interactions. `owners` and
-- `untils` say the same as the ranges in the form that the views ask for: reading them is cheaper than making them.

CREATE TABLE IF NOT EXISTS identity_map
(
    tenant LowCardinality(String) COMMENT 'Whose customers these are',
    subject String COMMENT 'An identifier, kind:value',
    version UInt64 COMMENT 'Which evidence it was made from: the generation of the topic, and the offset therein',
    ranges Array(Tuple(
        since DateTime64(3, 'UTC'),
        until DateTime64(3, 'UTC'),
        profile UUID,
        state LowCardinality(String)
    )) COMMENT 'Whose it is from since to before until, without gaps: linked, to a profile of several identifiers; own, to a profile by itself; contested or hub, nobody''s',
    own_profile UUID MATERIALIZED arrayMap(
        digest -> reinterpretAsUUID(concat(
            reinterpretAsFixedString(bitOr(0x5000, bitAnd(0xFFFFFFFFFFFF0FFF,
                reinterpretAsUInt64(reverse(substring(digest, 1, 8)))))),
            reinterpretAsFixedString(bitOr(0x8000000000000000, bitAnd(0x3FFFFFFFFFFFFFFF,
                reinterpretAsUInt64(reverse(substring(digest, 9, 8))))))
        )),
        [SHA1(concat(unhex('6a0f7c1e5c1b5f0e9d557d1a3c0b9e42'), tenant, '|', subject, '|0'))]
    )[1] COMMENT 'The profile that the subject is by itself: UUID version 5 of tenant, subject and epoch 0',
    owners Array(UUID) MATERIALIZED if(empty(ranges), [own_profile], ranges.profile)
        COMMENT 'Whose it is, range by range; the last one''s now',
    untils Array(DateTime64(3, 'UTC'))
        MATERIALIZED if(empty(ranges), [toDateTime64('2100-01-01 00:00:00', 3, 'UTC')], ranges.until)
        COMMENT 'Before when, range by range: the first that is later than a moment is of the owner at that moment'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (tenant, subject)
SETTINGS
    index_granularity = 1024,
    min_bytes_for_wide_part = 134217728,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    non_replicated_deduplication_window = 100000,
    replicated_deduplication_window = 100000
COMMENT 'Whose each subject is and was; read it with FINAL';

-- Every pair that ever was, and the profile that each subject once was by itself. Nothing is deleted here: these are
-- candidates, and only the map says which of them hold. So an old profile id still finds its customer.

CREATE TABLE IF NOT EXISTS profile_members
(
    tenant LowCardinality(String) COMMENT 'Whose customers these are',
    profile_id UUID COMMENT 'A profile, of now or of once',
    subject String COMMENT 'An identifier that is or was part of it, kind:value'
)
ENGINE = ReplacingMergeTree
ORDER BY (tenant, profile_id, subject)
SETTINGS
    index_granularity = 1024,
    min_bytes_for_wide_part = 134217728,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    non_replicated_deduplication_window = 100000,
    replicated_deduplication_window = 100000
COMMENT 'The way from a profile to its subjects: candidates, verified against identity_map';

CREATE MATERIALIZED VIEW IF NOT EXISTS identity_map_to_profile_members TO profile_members
(
    tenant LowCardinality(String) COMMENT 'Whose customers these are',
    profile_id UUID COMMENT 'A profile, of now or of once',
    subject String COMMENT 'An identifier that is or was part of it'
)
AS SELECT tenant, arrayJoin(arrayDistinct(arrayPushBack(owners, own_profile))) AS profile_id, subject
FROM identity_map
COMMENT 'Writes which subjects a profile ever had';
