"""Sending rejected records again: what an operator patches, which records are meant, and how they go out."""
