"""A consumer group of ours is forgotten, so that the next lap begins where this one did."""

import time
from typing import Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from benchmarks.contest.watch import POLL_S, LapFailedError

_LEFT_S: Final = 60.0  # a member that was killed is a member until its session ends


def forget(bootstrap: str, group: str) -> None:
    """Delete a group's positions, once it has no member; a group that never was is as good.

    Raises:
        LapFailedError: the broker does not do it.
    """
    deadline = time.monotonic() + _LEFT_S
    admin = AdminClient({"bootstrap.servers": bootstrap})
    while (error := _refused(admin, group)) is not None and error.code() != KafkaError.GROUP_ID_NOT_FOUND:
        if error.code() != KafkaError.NON_EMPTY_GROUP or time.monotonic() > deadline:
            raise LapFailedError(f"the broker could not be cleaned: {error}")
        time.sleep(POLL_S)


def _refused(admin: AdminClient, group: str) -> KafkaError | None:
    """Why the broker did not delete it."""
    [future] = admin.delete_consumer_groups([group]).values()
    try:
        future.result()
    except KafkaException as raised:
        error: KafkaError = raised.args[0]
        return error
    return None
