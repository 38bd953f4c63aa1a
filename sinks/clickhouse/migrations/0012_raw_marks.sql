-- How far Kafka had accepted each raw partition: what is compared with the fates once Kafka itself has forgotten, by
-- retention, by a topic that was made anew, or because the embedded broker ended.
--
-- A row an hour for each partition that grew, so that an audit may begin at a time. Several sinks write the same.

CREATE TABLE IF NOT EXISTS raw_marks
(
    raw_topic LowCardinality(String) COMMENT 'The raw topic',
    raw_topic_id UUID COMMENT 'That topic''s id: offsets start again when a topic is made anew',
    raw_partition Int32 COMMENT 'The partition',
    hour DateTime('UTC') COMMENT 'The hour in which it was looked at',
    first_offset SimpleAggregateFunction(min, Int64) COMMENT 'The first position that was there',
    end_offset SimpleAggregateFunction(max, Int64) COMMENT 'Behind the last position that was accepted',
    settled_offset SimpleAggregateFunction(max, Int64) COMMENT 'Every position below it must have a fate',
    looked_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'When Kafka was last asked'
)
ENGINE = AggregatingMergeTree
ORDER BY (raw_topic, raw_topic_id, raw_partition, hour)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    non_replicated_deduplication_window = 100000,
    replicated_deduplication_window = 100000
COMMENT 'How far Kafka had accepted each raw partition, by hour; query the view accepted';
