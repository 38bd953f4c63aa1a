"""Evidence resolved without a short cut: each tenant that a run speaks of is judged whole, from all its facts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import orjson

from schemas.evidence import Evidence, decode
from schemas.identity import BEGIN, END, Range, Rules, moment
from schemas.ids import profile_id
from stream_processors.core.judge import Judgement, judge
from stream_processors.resolver.contract import Memory, Output, Resolution

_FACT, _ROW, _COUNT = b"f", b"r", b"n"
_STOP = b"\xff"
_IMPLICIT = b"[]"


@dataclass
class Whole:
    """Implements `stream_processors.resolver.contract.Core`; for the map alone."""

    calls: list[int] = field(default_factory=list)

    def resolve(
        self,
        facts: Sequence[Evidence],
        memory: Memory,
        rules: Rules,
        *,
        version: int,
        at: int,  # noqa: ARG002  the core's signature
        quiet: bool = False,
    ) -> Resolution:
        """What these facts change."""
        writes: dict[bytes, bytes | None] = {}
        links: Counter[str] = Counter()
        rows: list[Output] = []
        delta = 0
        for fact in facts:
            key = _key(fact)
            known = writes.get(key) or memory.get([key])[0]
            is_known = known is not None and _parse(known).at <= fact.at
            links["known" if is_known else "accepted"] += 1
            if not is_known:
                writes[key] = fact.encode()
        for tenant in sorted({fact.tenant for fact in facts}):
            said = _judgement(tenant, memory, rules, writes)
            for subject, ranges in sorted(said.owners.items()):
                row, new = _ROW + f"{tenant}:{subject}".encode(), _ranges(tenant, subject, ranges)
                if (memory.get([row])[0] or _IMPLICIT) != new:
                    writes[row] = new
                    rows.append(_output(tenant, subject, new, version))
            count = _COUNT + tenant.encode()
            delta += len(said.clusters) - int(memory.get([count])[0] or b"0")
            writes[count] = b"%d" % len(said.clusters)
        return Resolution(map=[] if quiet else rows, writes=writes, links=links, profiles_delta=delta)

    def everything(self, memory: Memory, rules: Rules, *, version: int, at: int) -> Iterator[Resolution]:  # noqa: ARG002  as above
        """Every row again, a tenant at a time."""
        for tenant in sorted({fact.tenant for fact in self.facts_of(memory)}):
            said = _judgement(tenant, memory, rules, {})
            yield Resolution(
                map=[
                    _output(tenant, subject, _ranges(tenant, subject, ranges), version)
                    for subject, ranges in sorted(said.owners.items())
                ]
            )

    def facts_of(self, memory: Memory) -> Iterator[Evidence]:
        """All facts."""
        for _, value in memory.scan(_FACT, _FACT + _STOP):
            yield _parse(value)


def _key(fact: Evidence) -> bytes:
    return _FACT + fact.tenant.encode() + b"\0" + fact.fact_id.bytes


def _parse(value: bytes) -> Evidence:
    fact = decode(value)
    if isinstance(fact, str):
        raise TypeError(fact)
    return fact


def _judgement(tenant: str, memory: Memory, rules: Rules, writes: dict[bytes, bytes | None]) -> Judgement:
    prefix = _FACT + tenant.encode() + b"\0"
    facts = dict(memory.scan(prefix, prefix + _STOP * 17))
    facts |= {key: value for key, value in writes.items() if key.startswith(prefix) and value is not None}
    return judge([_parse(facts[key]) for key in sorted(facts)], rules)


def _ranges(tenant: str, subject: str, ranges: list[Range]) -> bytes:
    if ranges == [Range(BEGIN, END, profile_id(tenant, subject), "own")]:
        return _IMPLICIT
    said = [
        {"since": moment(r.since), "until": moment(r.until), "profile": str(r.profile), "state": r.state}
        for r in ranges
    ]
    return orjson.dumps(said)


def _output(tenant: str, subject: str, ranges: bytes, version: int) -> Output:
    row = {"tenant": tenant, "subject": subject, "version": version, "ranges": orjson.Fragment(ranges)}
    return f"{tenant}:{subject}".encode(), orjson.dumps(row)
