"""Free ports of this machine, for brokers and parts that come and go.

Below those that the system gives to connections that go out: a port that a part gives up for a moment, because it is
started again, is not taken by whoever connects somewhere meanwhile.
"""

import random
import socket
from pathlib import Path
from typing import Final

MANY: Final = 20_000
_GIVEN_OUT: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")  # what Linux connects from
_CHOICE: Final = random.SystemRandom()  # not the seeded one: two test runs side by side would choose the same


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """The first of several ports in a row that nobody listens on now."""
    above = int(_GIVEN_OUT.read_text().split()[0])
    while True:
        first = _CHOICE.randrange(max(1024, above - MANY), above - count)
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
