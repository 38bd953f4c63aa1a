-- Whose a subject was before it became whose it is now: the few that changed hands, each range but the last. What is not in
-- it is as identity_now says. Ranges have both their ends here, so an end is a millisecond before the next beginning; the
-- first range has no beginning, as in the map.

CREATE OR REPLACE DICTIONARY identity_before
(
    own_profile UUID,
    since DateTime64(3, 'UTC'),
    until DateTime64(3, 'UTC'),
    profile_id UUID
)
PRIMARY KEY own_profile
SOURCE(CLICKHOUSE(
    USER {user}
    PASSWORD {password}
    QUERY $query$
        SELECT
            own_profile,
            if(number = 1, toDateTime64('1900-01-01 00:00:00', 3, 'UTC'), untils[number - 1]) AS since,
            untils[number] - toIntervalMillisecond(1) AS until,
            owners[number] AS profile_id
        FROM {database}.identity_map FINAL
        ARRAY JOIN range(1, length(owners)) AS number
    $query$
    INVALIDATE_QUERY $query$
        SELECT max((toUInt64OrZero(pieces[3]), toUInt64OrZero(pieces[5])))
        FROM (SELECT splitByChar('_', _part) AS pieces FROM {database}.identity_map GROUP BY _part)
    $query$
))
LAYOUT(COMPLEX_KEY_RANGE_HASHED())
RANGE(MIN since MAX until)
LIFETIME(MIN 20 MAX 40)
COMMENT 'Whose a subject was until it changed hands (own_profile, since, until, profile_id); some 40 s late at most';
