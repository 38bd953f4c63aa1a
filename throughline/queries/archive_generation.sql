-- Under which generation the youngest rows of the map were written; 0 where there are none. Rows that a generation
-- writes before the first record of a topic have the last version below it.
SELECT bitShiftRight(max(version) + 1, 48) AS generation
FROM identity_map
