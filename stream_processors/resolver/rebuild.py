"""All stores filled anew, from the evidence that is kept elsewhere: when they are lost, damaged, or not believed."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from schemas.evidence import Evidence, shard_of
from schemas.settings import Settings
from schemas.telemetry import logger
from schemas.topics import Topics
from stream_processors.database import HeldError, StoreError
from stream_processors.resolver.begin import State
from stream_processors.resolver.contract import Core
from stream_processors.resolver.fill import fill
from stream_processors.resolver.graphs import PART, Graphs, TopicPartition, has_store
from stream_processors.resolver.halt import Halt


class ArchiveError(Exception):
    """The archive cannot be read; the message says why, and quotes no data."""


class Archive(Protocol):
    """Where all evidence is kept. Every call may raise ArchiveError."""

    def generation(self) -> int:
        """The highest generation of any row; 0: there is none."""

    def rules(self) -> bytes | None:
        """The latest rules, as JSON; None: none were ever told."""

    def tenants(self) -> list[str]:
        """Whose evidence there is."""

    def facts(self, tenant: str) -> Iterator[Evidence]:
        """All facts of a tenant."""


def rebuild(graphs: Graphs, partitions: Sequence[TopicPartition], archive: Archive, core: Core, halt: Halt) -> bool:
    """Fill the stores of all partitions, from the first on; False: given up, those not reached are as they were.

    What the topic holds from its beginning is read on top at the assignment, so nothing between the two is missing.

    Raises:
        ArchiveError: the archive cannot be read.
        HeldError: another process holds a store.
    """
    generation, rules, tenants = archive.generation(), archive.rules(), archive.tenants()
    for number, at in enumerate(partitions):
        mine = [tenant for tenant in tenants if shard_of(tenant, len(partitions)) == number]
        _own(graphs, at)
        fresh = graphs.fresh(at)
        if rules is not None:
            fresh.graph.put_rules(rules)
        profiles = fill(fresh.graph, _facts(archive, mine), core, halt)
        if profiles is None:
            graphs.discard(fresh)
            return False
        state = State(generation=generation, settled=generation, covers=True, profiles=profiles)
        graphs.install(at, fresh, state)
        logger().info("shard_rebuilt", topic=at[0], partition=at[1], profiles=profiles)
    return True


def is_incomplete(settings: Settings) -> bool:
    """Whether the store of a partition is missing: the part was never here, or its rebuild did not come to its end."""
    folder, topic = settings.data_dir / PART, Topics(settings.kafka.prefix).evidence
    return not all(has_store(folder, (topic, number)) for number in range(settings.kafka.partitions))


def _facts(archive: Archive, tenants: Iterable[str]) -> Iterator[Evidence]:
    for tenant in tenants:
        yield from archive.facts(tenant)


def _own(graphs: Graphs, at: TopicPartition) -> None:
    """Open the store in force, so that no other process uses what will be deleted; a damaged one is nobody's."""
    try:
        graphs.of(at)
    except HeldError:
        raise
    except StoreError as error:
        logger().warning("store_given_up", text=str(error))
