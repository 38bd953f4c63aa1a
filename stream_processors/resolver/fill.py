"""A store filled anew from facts: quietly, in batches, under the rules that it holds."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

import msgspec

from schemas.evidence import Evidence
from schemas.identity import Rules
from stream_processors.resolver.contract import Core
from stream_processors.resolver.graph import Graph
from stream_processors.resolver.halt import Halt

_BATCH: Final = 2000


def fill(graph: Graph, facts: Iterable[Evidence], core: Core, halt: Halt) -> int | None:
    """Put facts into a store that no run reads; the number of its profiles of two and more, or None: given up."""
    source = iter(facts)
    while batch := list(islice(source, _BATCH)):
        if halt.is_over:
            return None
        done = core.resolve(batch, graph, graph.rules or Rules(), version=0, at=0, quiet=True)
        profiles = graph.state.profiles + done.profiles_delta
        graph.write(done.writes, msgspec.structs.replace(graph.state, profiles=profiles))
    return graph.state.profiles
