"""Meta's webhooks: the batch and its events, and a reader for each product's."""
