-- Which of some identifiers interactions are filed under, or facts speak of.
SELECT DISTINCT identifier
FROM
(
    SELECT subject AS identifier
    FROM interactions
    WHERE tenant = {tenant:String}
      AND subject IN {identifiers:Array(String)}
    UNION ALL
    SELECT identifier
    FROM identifier_facts
    WHERE tenant = {tenant:String}
      AND identifier IN {identifiers:Array(String)}
)
ORDER BY identifier
