"""Segment's spec as pure rules: one message of the tracking API becomes one draft, or a fault.

`fields.py` reads single fields (times, ids, money), `message.py` puts them together. The adapter in
`producers/adapters/segment.py` brings the messages and says where they stood.
"""
