"""What Throughline does in a second, measured on real Kafka and real chDB: `make bench`.

Every figure is taken in one run on one machine, with CPU seconds beside it, because machines are small and noisy.
"""
