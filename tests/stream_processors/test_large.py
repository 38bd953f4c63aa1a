"""Records as large as Kafka takes them, straight into a raw topic: each has a fate, and none holds anything up."""

from base64 import b64decode
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from confluent_kafka import Producer

from schemas.kafka.clients import producer_config
from schemas.records import CUT, MOST, WHOLE
from schemas.settings import KafkaSettings
from schemas.topics import MAX_INTERACTION, MAX_RECORD
from tests.stream_processors.processing import processing, until_processed
from tests.stream_processors.topics import RAW, Outputs, interactions, outputs, own_topics, send

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

FULL = (
    MAX_RECORD - 128
)  # bytes of a value, as a producer and a topic take it with its key and what Kafka puts around it
BEHIND = 20  # records that come last


def padded(number: int, size: int, character: str = "x", **members: object) -> bytes:
    """A sound interaction of so many bytes, to one or two; its text is one character again and again."""
    [value] = interactions(1, number)
    bare = orjson.dumps(orjson.loads(value) | members | {"text": ""})
    one = orjson.dumps(character)[1:-1]
    left = size - len(bare)
    return bare.replace(b'"text":""', b'"text":"%b"' % (one * (left // len(one)) + b"x" * (left % len(one))))


async def fates(
    kafka: KafkaSettings, folder: Path, values: dict[str, bytes], headers: list[tuple[str, Any]]
) -> Outputs:
    """What became of records, which are told apart by their keys, and of ordinary ones behind them."""
    producer = Producer(producer_config(kafka, "test"))
    for value in values.values():
        producer.produce(kafka.prefix + RAW, value, b"", partition=0)
    producer.produce(kafka.prefix + RAW, b"junk", b"", partition=0, headers=headers)
    assert not producer.flush(60)
    send(kafka, interactions(BEHIND, 1000))
    async with processing(kafka, folder):
        await until_processed(kafka, len(values) + 1 + BEHIND)
    found = outputs(kafka)
    found.check()
    assert {str(UUID(int=1000 + number)) for number in range(BEHIND)} <= found.events
    return found


async def test_each_has_a_fate_and_none_holds_anything_up(kafka: str, tmp_path: Path) -> None:
    settings = own_topics(kafka)
    quotes = padded(1, MAX_INTERACTION, '"')
    values = {
        "largest": quotes,
        "its copy, quoted": quotes,
        "its conflict": padded(1, MAX_INTERACTION, "y", fingerprint="f" * 16),
        "one byte more": padded(2, MAX_INTERACTION + 1),
        "the same, mended": padded(2, MAX_INTERACTION),
        "full": padded(3, FULL, '"'),
        "full of no characters": b"\xff" * FULL,
        "full of control characters": b"\x01" * FULL,
        "an endless name": padded(4, 2000).replace(
            b'"text":', b'"' + b"\\u0001" * (MAX_INTERACTION // 7) + b'":1,"text":'
        ),
        "many traits": padded(5, 1_500_000 * 2, traits={str(number): '"' * 1000 for number in range(1400)}),
    }
    headers = [(f"h{number}", b"\x01" * 4000) for number in range(500)]
    found = await fates(settings, tmp_path, values, headers)
    kinds = [*values, "many headers"]
    of = {kinds[offset]: found.rejected.get((settings.prefix + RAW, 0, offset)) for offset in range(len(kinds))}
    rejected = {kind: orjson.loads(copies[0]) for kind, copies in of.items() if copies}
    assert {kind: record["reason"] for kind, record in rejected.items()} == {
        "its conflict": "id_conflict",
        "one byte more": "too_large",
        "full": "too_large",
        "full of no characters": "too_large",
        "full of control characters": "too_large",
        "an endless name": "schema_invalid",
        "many headers": "not_json",
    }
    assert [(settings.prefix + RAW, 0, 1)] == list(found.duplicates)
    assert {str(UUID(int=number)) for number in (1, 2, 5)} <= found.events
    cut = {kind: orjson.loads(record["headers"]).get(CUT) for kind, record in rejected.items()}
    assert {kind for kind, size in cut.items() if size == str(FULL)} == {kind for kind in rejected if "full" in kind}
    assert len(b64decode(rejected["full"]["body"])) == WHOLE
    assert len(rejected["an endless name"]["path"]) == MOST
    kept = orjson.loads(rejected["many headers"]["headers"])
    assert (len(kept) - 1) + int(kept[":headers-left-out"]) == len(headers)
    assert rejected["one byte more"]["source"] == "web"
