-- What the intake rejected: it has no raw position, so it is in no partition's account.
SELECT count()
FROM rejected
WHERE raw_topic = '' AND raw_partition = -1 AND received_at >= {since:DateTime64(3, 'UTC')}
