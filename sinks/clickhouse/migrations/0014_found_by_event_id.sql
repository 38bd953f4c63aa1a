-- An interaction is found by its id alone, for receipts: which granules may hold it is told by a Bloom filter.
-- Parts that are older than the filter are read whole until they are merged.

ALTER TABLE interactions ADD INDEX IF NOT EXISTS by_event_id event_id TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE interactions_duplicates ADD INDEX IF NOT EXISTS by_event_id event_id TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE interactions_rejected ADD INDEX IF NOT EXISTS by_event_id event_id TYPE bloom_filter(0.01) GRANULARITY 1;
