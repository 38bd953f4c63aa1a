-- What interactions that carry these identifiers are filed under, where that is another identifier.
SELECT DISTINCT subject
FROM identifier_subjects
WHERE tenant = {tenant:String}
  AND identifier IN {identifiers:Array(String)}
