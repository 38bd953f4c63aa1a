"""The oracle's part about identity: the map in ClickHouse is what the evidence in Kafka comes to."""

import time
from collections.abc import Iterator
from typing import Final

from schemas.evidence import Evidence, decode
from tests.chaos.raw import values
from tests.chaos.world import World
from tests.stream_processors.resolver.evidence import Map, folded, judged

SETTLE_S: Final = 120.0
_ROWS: Final = "SELECT tenant, subject, version, ranges FROM identity_map FINAL"
_FORM: Final = (
    " SETTINGS date_time_output_format = 'iso', output_format_json_named_tuples_as_objects = 1,"
    " output_format_json_quote_64bit_integers = 0"
)


def identity_findings(world: World) -> Iterator[str]:
    """What is wrong with the map; a new generation of it is waited for, since it is written after its position."""
    facts = [
        fact for value in values(world.kafka, world.topics.evidence) if isinstance(fact := decode(value), Evidence)
    ]
    wanted = judged(facts)
    deadline = time.monotonic() + SETTLE_S
    while (found := _map(world)) != wanted and time.monotonic() < deadline:
        time.sleep(0.5)
    wrong = {subject for subject in found.keys() | wanted.keys() if found.get(subject) != wanted.get(subject)}
    if wrong:
        yield f"{len(wrong)} subjects of {len(wanted)} whose owners are not what the evidence says"


def _map(world: World) -> Map:
    return folded(world.store.text(_ROWS + _FORM, "JSONEachRow").splitlines())
