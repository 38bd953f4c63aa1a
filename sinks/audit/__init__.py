"""Whether every raw position that Kafka accepted has one fate: `audit.py` tells the story.

What comes in: Kafka's offsets and commits, the views `fates` and `accepted`. What goes out: an account for each
partition; marks, which say how far Kafka had accepted when it has forgotten itself; and gauges. `spans`, `bounds` and
`accounts` are pure.
"""
