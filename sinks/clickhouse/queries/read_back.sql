-- Which of these rows can be queried: the names of each column are looked up in the keys of both tables of the view.

SELECT toString(event_id)
FROM timeline
WHERE tenant IN {tenants:Array(String)}
    AND subject IN {subjects:Array(String)}
    AND event_id IN {ids:Array(UUID)}
