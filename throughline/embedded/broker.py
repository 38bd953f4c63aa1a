"""The embedded broker: librdkafka's mock cluster, in memory, in this process.

It speaks Kafka's protocol on a port of 127.0.0.1, makes topics of four partitions by itself, keeps about 5 MB of each
partition and then silently drops the oldest: the backlog budget holds the intake back long before. Source: librdkafka,
`test.mock.num.brokers` in CONFIGURATION.md and src/rdkafka_mock.c.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import orjson
from confluent_kafka import KafkaException, Producer

from schemas.kafka.admin import admin_client
from schemas.kafka.clients import producer_config
from schemas.settings import EMBEDDED, ConfigurationError, KafkaSettings, Settings
from throughline.failures import Failed

PARTITIONS: Final = 4  # of every topic of the mock; it knows no CreateTopics
_ANSWER_S: Final = 5.0


@contextmanager
def embedded_broker(kafka: KafkaSettings) -> Iterator[KafkaSettings]:
    """Run a broker; yields the settings by which clients reach it, with a run id of its own.

    Raises:
        ConfigurationError: the settings ask for what it cannot do.
    """
    if kafka.partitions != PARTITIONS:
        msg = f"kafka.partitions = {kafka.partitions}: the embedded broker has {PARTITIONS} of every topic"
        raise ConfigurationError(msg)
    owner = Producer({"test.mock.num.brokers": 1, "log_level": 2})
    brokers = owner.list_topics(timeout=10).brokers.values()
    bootstrap = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
    try:
        yield kafka.model_copy(update={"bootstrap": bootstrap, "embedded_run": uuid4()})
    finally:
        owner.flush(0)
        del owner


def _address(settings: Settings) -> Path:
    return settings.data_dir / "broker.json"


@contextmanager
def announced(settings: Settings) -> Iterator[None]:
    """Tell other commands on this machine where the embedded broker is, for as long as it runs.

    Raises:
        ConfigurationError: the folder cannot be made or written.
        Failed: another one runs over this folder.
    """
    file = _address(settings)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        opened = file.with_suffix(".lock").open("w")
    except OSError as error:
        msg = f"data_dir = {settings.data_dir}: {error.strerror}; name a folder that can be written"
        raise ConfigurationError(msg) from None
    kafka = settings.kafka
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            msg = f"another `throughline up` runs over {settings.data_dir}: stop it, or set another data_dir"
            raise Failed(msg) from None
        file.write_bytes(orjson.dumps({"bootstrap": kafka.bootstrap, "embedded_run": str(kafka.embedded_run)}))
        try:
            yield
        finally:
            file.unlink(missing_ok=True)


def reachable(settings: Settings) -> KafkaSettings:
    """The settings by which this command reaches Kafka: the configured broker, or the one that `up` has embedded.

    Raises:
        Failed: it is the embedded one, and `up` does not run.
    """
    if settings.kafka.bootstrap != EMBEDDED:
        return settings.kafka
    try:
        found = settings.kafka.model_validate(
            {**settings.kafka.model_dump(), **orjson.loads(_address(settings).read_bytes())}
        )
        admin_client(producer_config(found, "cli")).list_topics(timeout=_ANSWER_S)
    except (OSError, KafkaException):
        msg = f"the embedded broker of {settings.data_dir} does not run: start `throughline up` first"
        raise Failed(msg) from None
    return found
