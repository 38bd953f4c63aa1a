-- Whose each subject is now, for questions about everybody, where a join with identity_map costs more than all the rest.
-- Only who is not their own: dictGetOrDefault('identity_now', 'profile_id', own_profile, own_profile).
--
-- Held in memory from the first question on, 60 to 130 bytes a subject; read again once it is 20 to 40 s old, where the map
-- has changed: a part of it is new (the third piece of a part's name), or was mutated (the fifth). The embedded engine
-- does not look by itself: the gateway has it read again.

CREATE OR REPLACE DICTIONARY identity_now
(
    own_profile UUID,
    profile_id UUID
)
PRIMARY KEY own_profile
SOURCE(CLICKHOUSE(
    USER {user}
    PASSWORD {password}
    QUERY $query$
        SELECT own_profile, owners[-1] AS profile_id
        FROM {database}.identity_map FINAL
        WHERE owners[-1] != own_profile
    $query$
    INVALIDATE_QUERY $query$
        SELECT max((toUInt64OrZero(pieces[3]), toUInt64OrZero(pieces[5])))
        FROM (SELECT splitByChar('_', _part) AS pieces FROM {database}.identity_map GROUP BY _part)
    $query$
))
LAYOUT(COMPLEX_KEY_HASHED(MAX_LOAD_FACTOR 0.9))
LIFETIME(MIN 20 MAX 40)
COMMENT 'Whose each subject is now (own_profile, profile_id), where not its own; some 40 s late at most';
