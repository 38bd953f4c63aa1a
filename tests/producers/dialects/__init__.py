"""Pieces of dialects."""
