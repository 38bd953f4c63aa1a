-- How many of the demo's interactions are stored, and how many copies were set aside.
SELECT
    (SELECT count() FROM timeline WHERE subject IN {subjects:Array(String)}) AS stored,
    (SELECT count() FROM duplicates) AS duplicates
