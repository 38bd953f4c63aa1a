"""The step, whole: records -> decode -> fates (stored, duplicate, rejected) -> outputs and what to remember.

Every record has exactly one fate. The same records with the same memory give the same bytes; and a record that is
replayed finds itself in the memory, and passes: so a crash between any two lines of the shell changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from schemas.check import Passed, check_all
from schemas.fates import Fault, Reason
from schemas.records import Rejected
from stream_processors.core import outputs
from stream_processors.core.learn import entry, first_of, keys_of
from stream_processors.core.memory import Memory, is_itself, remember, says_the_same, unpack
from stream_processors.core.outputs import Output
from stream_processors.core.raw import Raw


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of the records.

    Attributes:
        timeline, duplicates, rejected: key and value of the records for each output topic; together one for each
            record that came in.
        stored: the interaction of each timeline record, for evidence.
        writes: what to remember, once Kafka has the outputs.
        reasons: source and reason of each rejected record, in order; a source that cannot be read is empty.
    """

    timeline: list[Output]
    duplicates: list[Output]
    rejected: list[Output]
    stored: list[Passed]
    writes: dict[bytes, bytes]
    reasons: list[tuple[str, Reason]]

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Bytes of the outputs of each role, keys and values."""
        stored, duplicates, rejected = (sum(map(len, chain.from_iterable(outputs))) for outputs in self.roles)
        return stored, duplicates, rejected

    @property
    def roles(self) -> tuple[list[Output], list[Output], list[Output]]:
        """The outputs, in the order of `schemas.topics.Topics.outputs`."""
        return self.timeline, self.duplicates, self.rejected


def step(raw: Raw, memory: Memory, unwritten: Mapping[bytes, bytes], window: int) -> Step:
    """Give each record its fate.

    `unwritten` holds the writes of the step before, when they are not yet in the memory. `window` is in
    milliseconds: for how long after its first copy an id is known.
    """
    done = Step([], [], [], [], {}, [])
    where, generation = outputs.place(raw), raw.generation
    checked = check_all(raw.values)
    keys = keys_of(checked)
    for at, (verdict, key, stored) in enumerate(zip(checked, keys, memory.get(keys), strict=True)):
        if isinstance(verdict, Fault):
            _reject(done, outputs.rejected(raw, at, verdict))
            continue
        event, who = verdict
        value, offset = raw.values[at], raw.offsets[at]
        mine = entry(generation, offset, raw.arrivals[at], event, value)
        seen = done.writes.get(key) or unwritten.get(key) or stored
        first = None if seen is None else first_of(seen, mine, raw, at, window)
        if first is None:
            done.writes[key] = remember(seen, mine)
        elif not is_itself(first, mine):
            if says_the_same(first, mine):
                done.duplicates.append(outputs.duplicate(raw, at, event, unpack(first)))
            else:
                _reject(done, outputs.conflict(raw, at, event, unpack(first)))
            continue
        done.timeline.append(outputs.timeline(who, value, where, offset))
        done.stored.append(verdict)
    return done


def _reject(done: Step, record: Rejected) -> None:
    done.rejected.append((str(record.rejected_id).encode(), record.encode()))
    done.reasons.append((record.source, record.fault.reason))
