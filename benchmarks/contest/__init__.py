"""Contestants side by side: each runs alone, all by turns, on the same broker and the same records."""
