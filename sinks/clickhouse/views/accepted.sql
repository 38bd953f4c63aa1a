-- How far Kafka has accepted each raw partition, and below which position every one must have a fate, as the sink saw
-- last. Compare with fates: docs/querying.md.

CREATE OR REPLACE VIEW accepted
(
    raw_topic LowCardinality(String) COMMENT 'The raw topic',
    raw_topic_id UUID COMMENT 'That topic''s id: offsets start again when a topic is made anew',
    raw_partition Int32 COMMENT 'The partition',
    first_offset Int64 COMMENT 'The first position that was there when the sink first looked',
    end_offset Int64 COMMENT 'Behind the last position that was accepted',
    settled_offset Int64 COMMENT 'Every position below it must have a fate; those from it on may be in flight',
    looked_at DateTime64(3, 'UTC') COMMENT 'When Kafka was last asked'
)
AS SELECT
    raw_topic,
    raw_topic_id,
    raw_partition,
    min(marks.first_offset) AS first_offset,
    max(marks.end_offset) AS end_offset,
    max(marks.settled_offset) AS settled_offset,
    max(marks.looked_at) AS looked_at
FROM raw_marks AS marks
GROUP BY raw_topic, raw_topic_id, raw_partition
COMMENT 'How far Kafka has accepted each raw partition, as the sink saw last';
