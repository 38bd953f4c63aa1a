-- Under which generation the youngest rows of the map were written; 0 where there are none.
SELECT bitShiftRight(max(version), 48) AS generation
FROM identity_map
