"""What becomes of evidence: the records to send, and what to keep."""

from collections import Counter
from dataclasses import dataclass, field

from stream_processors.core.outputs import Output


@dataclass(slots=True)
class Resolution:
    """What becomes of a run of evidence.

    Attributes:
        map, changes, profiles: key and value of the records for each output topic.
        writes: what to keep in the memory, once Kafka has the outputs; None: the key goes.
        links: how many of the run's links were accepted, refused, or known before.
        refused: how many links a rule refuses that it did not refuse before, by the first word of the rule.
        merges: how many profiles of several became others.
        profiles_delta: how many more profiles of several identifiers there are.
    """

    map: list[Output] = field(default_factory=list)
    changes: list[Output] = field(default_factory=list)
    profiles: list[Output] = field(default_factory=list)
    writes: dict[bytes, bytes | None] = field(default_factory=dict)
    links: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    merges: int = 0
    profiles_delta: int = 0
