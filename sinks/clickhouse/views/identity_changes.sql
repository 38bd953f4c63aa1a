-- What changed in identity and why, once each.

CREATE OR REPLACE VIEW identity_changes
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
    reason String COMMENT 'Why, in the operator''s words; else empty'
)
AS SELECT
    tenant,
    change_id,
    version,
    at,
    what,
    identifiers,
    profiles,
    rule,
    evidence,
    command,
    author,
    reason
FROM identity_change_log FINAL
COMMENT 'What changed in identity and why: linked, merged, split, refused, and operators'' commands';
