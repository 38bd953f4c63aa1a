"""Bytes from the world become interactions in Kafka.

`adapters/` holds one dialect a file, pure decode; `intake/` how bytes arrive (HTTP, SMTP, files); `accept.py` tells the
whole story. What comes in: deliveries. What goes out: records of `interactions.<channel>` and `interactions.rejected`.
"""
