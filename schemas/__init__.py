"""What all parts agree on: the interaction, identifiers, fates, topics, settings, telemetry, and how to reach Kafka.

Everything may import this package; it imports nothing of ours. Values and pure functions live at the top,
`schemas.kafka` holds the connections that more than one part opens.
"""
