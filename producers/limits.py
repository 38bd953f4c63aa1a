"""What closes the intake before something behind it fails or deletes: a full disk, and Kafka's retention."""

from schemas.disk import Disk
from schemas.kafka.admin import admin_client
from schemas.kafka.backlog import Ledger, Stage
from schemas.kafka.clients import producer_config
from schemas.kafka.retention import Retention
from schemas.settings import Settings
from schemas.telemetry import Metrics


class Limits:
    """For the thread of the watch. The embedded broker deletes by no clock; the disk of a server is not ours to see."""

    def __init__(self, settings: Settings, ledger: Ledger, metrics: Metrics) -> None:
        kafka, limits = settings.kafka, settings.limits
        self._ledger = ledger
        self._disk = Disk(settings.data_dir, int(limits.free_disk)) if kafka.is_embedded else None
        if self._disk is not None:
            self._disk.tell(metrics)
        admin = None if kafka.is_embedded else admin_client(producer_config(kafka, "serve"))
        self._retention = Retention(admin, limits.retention, metrics) if admin is not None else None

    def tell(self, group: str, stage: Stage) -> None:
        """Where a group stands."""
        if self._retention is not None:
            self._retention.tell(group, stage)

    def look(self) -> str | None:
        """Why nothing may be accepted; None while it may."""
        if self._retention is not None:
            self._retention.look(self._ledger.largest)
        disk = self._disk.trouble if self._disk is not None else None
        return disk or (self._retention.trouble if self._retention is not None else None)
