"""Free ports, so that tests run side by side."""

from deploy.kafka.ports import free_port, free_ports

__all__ = ["free_port", "free_ports"]
