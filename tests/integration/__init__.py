"""The whole path, as its users run it: real processes, real doors, real Kafka, real chDB."""
