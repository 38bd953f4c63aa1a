"""The core of identity on its store: links a second on a graph of a million identifiers, and what large customers cost.

`python -m benchmarks.identity` prints one JSON line.
"""

import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from schemas.evidence import Evidence, command_fact_id, decode, link_id
from schemas.identity import Rules, milliseconds
from schemas.ids import uuid_of
from stream_processors.core.resolve import Resolution, resolve
from stream_processors.lifecycle import collect_seldom
from stream_processors.resolver.graph import Graph
from stream_processors.resolver.graphs import Graphs

TENANT = "default"
RUN = 2_000
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
AT = ("identity.evidence", 0)


def measure(identifiers: int = 1_000_000, measured: int = 100_000) -> dict[str, object]:
    """Fill a graph, measure its last links; then one large customer."""
    with TemporaryDirectory() as folder:
        graphs = Graphs(Path(folder))
        graph = graphs.of(AT)
        whole = list(_links(identifiers // 5))
        collect_seldom()  # as the resolver does; and the list of all links is not its own to go through
        before = len(whole) - measured
        _feed(graph, whole[:before], quiet=True)
        outputs, seconds, spent = _feed(graph, whole[before:])
        graphs.keep(set())
        names = _names(identifiers // 5)
        on_disk = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        return {
            "benchmark": "identity",
            "identifiers": len(names),
            "links_per_s": round(measured / seconds),
            "links_per_cpu_s": round(measured / spent),
            "outputs_per_link": round(outputs / measured, 1),
            "bytes_an_identifier": round((on_disk - sum(map(len, names))) / len(names)),
            **_large(Path(folder) / "large"),
        }


def links(identifiers: Sequence[int], measured: int) -> list[float]:
    """CPU seconds of a link at the end of graphs of so many identifiers, which take turns: the median of their runs."""
    with TemporaryDirectory() as folder:
        each = [Graphs(Path(folder) / str(count)) for count in identifiers]
        places = [graphs.of(AT) for graphs in each]
        wholes = [list(_links(count // 5)) for count in identifiers]
        collect_seldom()
        for place, whole in zip(places, wholes, strict=True):
            _feed(place, whole[:-measured], quiet=True)
        took: list[list[float]] = [[] for _ in places]
        for start in range(0, measured, RUN):
            for place, whole, spent in zip(places, wholes, took, strict=True):
                some = whole[len(whole) - measured :][start : start + RUN]
                spent.append(_feed(place, some)[2] / len(some))
        for graphs in each:
            graphs.keep(set())
        return list(map(median, took))


def _large(folder: Path, size: int = 1_000) -> dict[str, object]:
    """Milliseconds for one more link, and for an operator's command, where a customer has a thousand identifiers."""
    graph = Graphs(folder).of(AT)
    rules = Rules()
    strong = ["user_id:u", "email:a@shop.example", "phone:+15550100"]
    devices = [f"{kind}:d{n}" for kind in ("anonymous_id", "device_id") for n in range(size // 2)]
    facts = [_link(strong[n % 3], device, n) for n, device in enumerate(devices[: size - 40])]
    facts += [_link(strong[0], one, 0) for one in strong[1:]]
    _feed(graph, [fact.encode() for fact in facts])
    again = [_timed(graph, [_link(strong[n % 3], device, 5_000 + n)], rules) for n, device in enumerate(devices[-30:])]
    ids = {name: command_fact_id(TENANT, "keep_apart", 1, left=[name], right=strong[1:]) for name in devices[:5]}
    apart = [Evidence(TENANT, fact_id, "keep_apart", SINCE, [name], strong[1:]) for name, fact_id in ids.items()]
    commands = [_timed(graph, [fact], rules) for fact in apart]
    return {"large_link_ms": round(median(again) * 1e3, 1), "large_command_ms": round(median(commands) * 1e3, 1)}


def _timed(graph: Graph, facts: Sequence[Evidence], rules: Rules) -> float:
    began = time.perf_counter()
    _take(graph, [fact.encode() for fact in facts], rules, 1 << 40)
    return time.perf_counter() - began


def _feed(graph: Graph, values: Sequence[bytes], *, quiet: bool = False) -> tuple[int, float, float]:
    """Records that went out, seconds, and CPU seconds."""
    rules, outputs, began, before = Rules(), 0, time.perf_counter(), time.process_time()
    for start in range(0, len(values), RUN):
        done = _take(graph, values[start : start + RUN], rules, start + 1, quiet=quiet)
        outputs += len(done.map) + len(done.changes) + len(done.profiles)
    return outputs, time.perf_counter() - began, time.process_time() - before


def _take(graph: Graph, values: Sequence[bytes], rules: Rules, version: int, *, quiet: bool = False) -> Resolution:
    facts = [fact for fact in map(decode, values) if isinstance(fact, Evidence)]
    assert len(facts) == len(values)
    done = resolve(facts, graph, rules, version=version, at=milliseconds(SINCE), quiet=quiet)
    graph.write(done.writes, graph.state)
    return done


def _identifiers(customer: int) -> tuple[str, ...]:
    return (
        f"user_id:{customer}",
        f"email:customer-{customer}@shop.example",
        f"phone:+1555{customer:07}",
        f"anonymous_id:{uuid_of('web', str(customer))}",
        f"anonymous_id:{uuid_of('phone', str(customer))}",
    )


def _names(customers: int) -> list[str]:
    return [name for customer in range(customers) for name in _identifiers(customer)]


def _links(customers: int, together: int = 20_000) -> Iterator[bytes]:
    """Each customer's star; those of some customers at a time in one another's midst, as they would be by day."""
    dice = random.Random(1)  # noqa: S311  events, not secrets
    for first in range(0, customers, together):
        some = []
        for customer in range(first, min(first + together, customers)):
            subject, *others = _identifiers(customer)
            some += [_link(subject, other, customer * 10 + n).encode() for n, other in enumerate(others)]
        dice.shuffle(some)
        yield from some


def _link(one: str, other: str, seconds: int) -> Evidence:
    return Evidence(
        TENANT, link_id(TENANT, one, other), "link", SINCE + timedelta(seconds=seconds), [one], [other], source="web"
    )


if __name__ == "__main__":
    print(json.dumps(measure(*map(int, sys.argv[1:]))))
