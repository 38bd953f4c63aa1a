"""How every part reaches Kafka: client settings, topics and their ids, and the backlog that holds producers back."""
