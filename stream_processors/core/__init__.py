"""The rules, without Kafka, Faust, clock, files or logger: (state, records, now) -> (state changes, outputs)."""
