"""Dashboards: what an operator asks, written here in Python, one file a dashboard; the JSON beside is made from it.

A panel's title is a question, its description what to do about the answer. `python -m deploy.grafana` writes the JSON.
"""
