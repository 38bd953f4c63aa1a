"""`throughline topics create|check`: Kafka's topics, made and held to what they should be."""

import click

from schemas.kafka.admin import create, differences
from schemas.settings import EMBEDDED, KafkaSettings, Loaded
from schemas.topics import Topics, TopicSpec
from throughline.failures import Failed
from throughline.kafka import asking
from throughline.options import with_json, with_settings
from throughline.output import print_rows


@click.group()
def topics() -> None:
    """Kafka's topics."""


@topics.command("create")
@with_settings
def create_topics(*, loaded: Loaded) -> None:
    """Create the topics that are missing; repeatable. The embedded broker makes its own."""
    kafka = loaded.settings.kafka
    if _makes_its_own(kafka):
        return
    with asking(kafka, "topics") as admin:
        created = create(admin, _specs(kafka))
    for name in created:
        click.echo(name)
    click.echo(f"{len(created)} topics created", err=True)


@topics.command("check")
@with_json
@with_settings
def check_topics(*, loaded: Loaded, as_json: bool) -> None:
    """Print how the topics differ from what is configured; exit status 1 when they do."""
    kafka = loaded.settings.kafka
    if _makes_its_own(kafka):
        return
    with asking(kafka, "topics") as admin:
        found = differences(admin, _specs(kafka))
    if found or as_json:
        print_rows(({"topic": d.topic, "difference": d.what} for d in found), ["topic", "difference"], as_json=as_json)
    if found:
        msg = f"{len(found)} differences; `throughline topics create` makes what is missing"
        raise Failed(msg)


def _makes_its_own(kafka: KafkaSettings) -> bool:
    if kafka.bootstrap == EMBEDDED:
        click.echo("kafka.bootstrap is embedded: that broker makes its topics by itself", err=True)
    return kafka.bootstrap == EMBEDDED


def _specs(kafka: KafkaSettings) -> list[TopicSpec]:
    return Topics(kafka.prefix).specs(kafka.partitions, kafka.replication)
