"""The suite that tries to break the promise: real processes on real Kafka and ClickHouse, killed on purpose.

What comes in: seeded interactions over HTTP (`load`), faults (`seams`, `wire`, `faults`). What comes out: a verdict of
an oracle of its own (`oracle`), which compares what was answered 200 with what Kafka and ClickHouse hold, to the last
one. `protections` switches off one mechanism at a time, to show that the oracle would notice.
"""
