"""What `up` runs instead of servers: librdkafka's own broker in memory, and chDB behind the gateway."""
