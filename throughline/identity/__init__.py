"""Operators' commands on identity, `explain` and `simulate`: what they read, judge, say and publish.

In: evidence from ClickHouse (facts.py), gathered until the identifiers that hang together are all there (gather.py) and
judged by the core. Out: facts for identity.evidence (publish.py), and words (explain.py, render.py). All but facts.py,
moved.py, publish.py and wait.py is pure.
"""
