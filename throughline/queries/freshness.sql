-- How fresh each channel is.
SELECT *
FROM freshness
ORDER BY
    channel,
    source
