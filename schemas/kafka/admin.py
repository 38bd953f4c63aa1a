"""Topics: made, checked, and told apart from topics of the same name by their ids."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from schemas.ids import uuid_of
from schemas.kafka.access import Admin
from schemas.kafka.clients import Config
from schemas.settings import KafkaSettings
from schemas.topics import TopicSpec

TIMEOUT_S: Final = 15.0


class TopicMissingError(Exception):
    """A topic that should be there is not; `throughline topics create` makes it."""


def topic_ids(admin: AdminClient, kafka: KafkaSettings, topics: Iterable[str]) -> dict[str, UUID]:
    """Each topic's id: Kafka's own, or in the embedded broker one made from its run.

    Raises:
        TopicMissingError: a topic does not exist.
        KafkaException: Kafka cannot be reached.
    """
    names = sorted(topics)
    if kafka.embedded_run is not None:  # the mock knows neither DescribeTopics nor what it held before
        return {name: uuid_of("topic", str(kafka.embedded_run), name) for name in names}
    ids: dict[str, UUID] = {}
    for name, future in admin.describe_topics(TopicCollection(names), request_timeout=TIMEOUT_S).items():
        try:
            described = future.result()
        except KafkaException as error:
            if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                msg = f"topic {name} does not exist; run `throughline topics create`"
                raise TopicMissingError(msg) from None
            raise
        ids[name] = UUID(int=_bits(described.topic_id))
    return ids


def partitions_of(admin: AdminClient, topic: str) -> int:
    """How many partitions a topic has.

    Raises:
        TopicMissingError: it does not exist.
        KafkaException: Kafka cannot be reached.
    """
    found = admin.list_topics(topic, timeout=TIMEOUT_S).topics[topic]
    if found.error is not None:
        msg = f"topic {topic} does not exist; run `throughline topics create`"
        raise TopicMissingError(msg)
    return len(found.partitions)


def _bits(topic_id: object) -> int:
    """A confluent-kafka Uuid as 128 bits; it gives two signed halves."""
    high: int = topic_id.get_most_significant_bits()  # type: ignore[attr-defined]  # a C type without stubs
    low: int = topic_id.get_least_significant_bits()  # type: ignore[attr-defined]  # as above
    return (high % (1 << 64)) << 64 | low % (1 << 64)


def create(admin: AdminClient, specs: Iterable[TopicSpec]) -> list[str]:
    """Create what is missing; the names of what was created.

    Raises:
        KafkaException: Kafka refused, or cannot be reached.
    """
    wanted = [
        NewTopic(spec.name, num_partitions=spec.partitions, replication_factor=spec.replication, config=spec.settings)
        for spec in specs
    ]
    created = []
    for name, future in admin.create_topics(wanted, request_timeout=TIMEOUT_S).items():
        try:
            future.result()
            created.append(name)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
    return created


@dataclass(frozen=True, slots=True)
class Difference:
    """A topic that is not as it should be."""

    topic: str
    what: str


def differences(admin: AdminClient, specs: Iterable[TopicSpec]) -> list[Difference]:
    """How the topics that are there differ from those that should be.

    Raises:
        KafkaException: Kafka cannot be reached.
    """
    found = admin.list_topics(timeout=TIMEOUT_S).topics
    differing: list[Difference] = []
    present: list[TopicSpec] = []
    for spec in specs:
        if spec.name not in found:
            differing.append(Difference(spec.name, "missing"))
        elif (partitions := len(found[spec.name].partitions)) != spec.partitions:
            differing.append(Difference(spec.name, f"{partitions} partitions, configured {spec.partitions}"))
            present.append(spec)
        else:
            present.append(spec)
    return differing + _settings_differences(admin, present)


def _settings_differences(admin: AdminClient, specs: list[TopicSpec]) -> list[Difference]:
    resources = {ConfigResource(ResourceType.TOPIC, spec.name): spec for spec in specs}
    differing: list[Difference] = []
    if not resources:
        return differing
    for resource, future in admin.describe_configs(list(resources), request_timeout=TIMEOUT_S).items():
        actual = future.result()
        differing += [
            Difference(resource.name, f"{key} is {actual[key].value}, should be {value}")
            for key, value in resources[resource].settings.items()
            if actual[key].value != value
        ]
    return differing


def admin_client(config: Config) -> AdminClient:
    """An admin client from a client's settings (`schemas.kafka.clients`), without what only consumers know.

    Raises:
        ConfigurationError: a key or its value cannot be used.
    """
    return Admin(config)
