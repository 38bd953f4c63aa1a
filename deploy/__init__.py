"""How Throughline is run: Kafka on this machine, containers, Prometheus, Grafana."""
