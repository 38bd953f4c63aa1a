"""A real Kafka broker on this machine, from Apache's own jars."""
