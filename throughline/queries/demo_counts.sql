-- How many of the demo's interactions are stored, and how many copies were set aside.
SELECT
    (SELECT count() FROM timeline) AS stored,
    (SELECT count() FROM duplicates) AS duplicates
