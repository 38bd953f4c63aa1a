"""All metrics of all parts, and the server that tells them."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, start_http_server

from schemas.recent import Labels, Recent, noting
from schemas.telemetry.declare import Declare
from schemas.telemetry.every_part import EveryPart
from schemas.telemetry.intake import Intake
from schemas.telemetry.processor import Processor
from schemas.telemetry.resolver import Resolver
from schemas.telemetry.sink import Sink


class Metrics(EveryPart, Intake, Processor, Resolver, Sink):
    """All metrics; each part uses its own. Labels are bounded: never an identifier, an event id or a message."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """`registry`: where they are kept, with the process's CPU, memory and start; one of their own by default."""
        self.registry = registry or CollectorRegistry()
        ProcessCollector(registry=self.registry)
        declare = Declare(self.registry)
        EveryPart.__init__(self, declare)
        Intake.__init__(self, declare)
        Processor.__init__(self, declare)
        Resolver.__init__(self, declare)
        Sink.__init__(self, declare)

    def recents(self) -> list[Recent]:
        """The counters of which somebody asks what they did just now."""
        return [
            _recent(self.deliveries, self.deliveries_recent),
            _recent(self.accepted, self.accepted_recent),
            _recent(self.rejected, self.rejected_recent),
        ]

    def serve(self, listen: str) -> Callable[[], None]:
        """Serve /metrics at `host:port`; the answer stops it.

        Raises:
            OSError: the port is taken.
        """
        host, _, port = listen.rpartition(":")
        server, thread = start_http_server(int(port), host, registry=self.registry)
        end = noting(self.recents())

        def stop() -> None:
            end()
            server.shutdown()
            server.server_close()
            thread.join()

        return stop


def _recent(counter: Counter, gauge: Gauge) -> Recent:
    def read() -> dict[Labels, float]:
        samples = [sample for family in counter.collect() for sample in family.samples]
        return {tuple(at.labels.values()): at.value for at in samples if at.name.endswith("_total")}

    def show(labels: Labels, minutes: str, rise: float) -> None:
        gauge.labels(*labels, minutes).set(rise)

    return Recent(read, show)
