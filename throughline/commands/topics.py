"""`throughline topics create|check`: Kafka's topics, made and held to what they should be."""

import click
from confluent_kafka import KafkaException

from schemas.kafka.admin import admin_client, create, differences
from schemas.kafka.clients import producer_config
from schemas.settings import EMBEDDED, Loaded, Settings
from schemas.topics import Topics, TopicSpec
from throughline.embedded.broker import reachable
from throughline.failures import Failed
from throughline.options import with_json, with_settings
from throughline.output import print_rows


@click.group()
def topics() -> None:
    """Kafka's topics."""


@topics.command("create")
@with_settings
def create_topics(*, loaded: Loaded) -> None:
    """Create the topics that are missing; repeatable. The embedded broker makes its own."""
    if loaded.settings.kafka.bootstrap == EMBEDDED:
        click.echo("kafka.bootstrap is embedded: that broker makes its topics by itself", err=True)
        return
    try:
        admin = admin_client(producer_config(reachable(loaded.settings), "topics"))
        created = create(admin, _specs(loaded.settings))
    except KafkaException as error:
        raise Failed(_away(loaded.settings, error)) from None
    for name in created:
        click.echo(name)
    click.echo(f"{len(created)} topics created", err=True)


@topics.command("check")
@with_json
@with_settings
def check_topics(*, loaded: Loaded, as_json: bool) -> None:
    """Print how the topics differ from what is configured; exit status 1 when they do."""
    try:
        admin = admin_client(producer_config(reachable(loaded.settings), "topics"))
        found = differences(admin, _specs(loaded.settings))
    except KafkaException as error:
        raise Failed(_away(loaded.settings, error)) from None
    if found or as_json:
        print_rows(({"topic": d.topic, "difference": d.what} for d in found), ["topic", "difference"], as_json=as_json)
    if found:
        msg = f"{len(found)} differences; `throughline topics create` makes what is missing"
        raise Failed(msg)


def _specs(settings: Settings) -> list[TopicSpec]:
    kafka = settings.kafka
    return Topics(kafka.prefix).specs(kafka.partitions, kafka.replication)


def _away(settings: Settings, error: KafkaException) -> str:
    return f"kafka at {settings.kafka.bootstrap}: {error.args[0].str()}"
