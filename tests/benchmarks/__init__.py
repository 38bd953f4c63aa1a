"""Tests of benchmarks: what judges a figure, not the figures."""
