"""Records that are too large to be interactions: an output that holds one may be more than Kafka takes.

They are rejected, whatever they say, and nothing of them is remembered.
"""

from collections.abc import Mapping
from dataclasses import replace

from schemas.fates import Fault, Reason
from schemas.topics import MAX_INTERACTION
from stream_processors.core import outputs
from stream_processors.core.memory import Memory
from stream_processors.core.raw import Raw
from stream_processors.core.step import Step, step


def fates_of(raw: Raw, memory: Memory, unwritten: Mapping[bytes, bytes], window: int) -> Step:
    """`step`, where some records may be too large."""
    those = fitting(raw)
    done = step(those, memory, unwritten, window) if those.offsets else Step([], [], [], [], {}, [])
    for at, value in enumerate(raw.values) if those is not raw else ():
        if len(value) > MAX_INTERACTION:
            fault = Fault(Reason.TOO_LARGE, f"{len(value)} bytes, an interaction has {MAX_INTERACTION} at most")
            record = outputs.rejected(raw, at, fault)
            done.rejected.append((str(record.rejected_id).encode(), record.encode()))
            done.reasons.append((record.source, fault.reason))
    return done


def fitting(raw: Raw) -> Raw:
    """Those that are not too large."""
    if max(map(len, raw.values), default=0) <= MAX_INTERACTION:
        return raw
    kept = [at for at, value in enumerate(raw.values) if len(value) <= MAX_INTERACTION]
    return replace(
        raw,
        values=[raw.values[at] for at in kept],
        offsets=[raw.offsets[at] for at in kept],
        arrivals=[raw.arrivals[at] for at in kept],
        headers=[raw.headers[at] for at in kept],
    )
