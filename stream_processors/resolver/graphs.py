"""The stores of this worker's shards: `<data_dir>/resolve/<topic>-<partition>`, each opened at its assignment.

A folder holds `store.json`, which names the keys in force, and `graph-<n>/` (RocksDB). A store that is filled anew lies
beside the one in force until the card names it: so the exchange is all or nothing, and what no card names is deleted.
"""

import shutil
from pathlib import Path
from typing import Final

from rocksdict import Cache, Options

from stream_processors import card
from stream_processors.database import open_database, options_for
from stream_processors.resolver.begin import State
from stream_processors.resolver.graph import GRAPH, Graph

PART: Final = "resolve"  # its folder below data_dir, too
_WRITE_BUFFER: Final = 32 << 20  # with 16 MB compaction cost 5 us of CPU a link more
_CACHE: Final = 128 << 20  # blocks, indexes and filters of all stores together
_FOLDER: Final = "graph-"
TopicPartition = tuple[str, int]


class GraphCard(card.Card):
    """Of a graph; `graph` is the number of the keys in force."""

    graph: int

    @property
    def keys(self) -> str:
        """The folder of the keys that are in force."""
        return f"{_FOLDER}{self.graph}"


class Graphs:
    """Opens, exchanges and closes stores. Used by one thread."""

    def __init__(self, folder: Path, patience_s: float = 10.0) -> None:
        """`patience_s`: how long to wait for a store that another process still holds."""
        self._folder = folder
        self._patience_s = patience_s
        self._cache = Cache(_CACHE)
        self._open: dict[TopicPartition, Graph] = {}

    def of(self, at: TopicPartition) -> Graph:
        """The store of a partition.

        Raises:
            StoreError: it is damaged, of another version, or held by another process.
        """
        if at not in self._open:
            self._open[at] = self._open_graph(at)
        return self._open[at]

    def fresh(self, at: TopicPartition) -> "Fresh":
        """An empty store beside the one in force, until it is installed."""
        folder = self._place(at)
        number = 1 + max((_number(path) for path in folder.glob(f"{_FOLDER}*")), default=0)
        new = GraphCard(topic=at[0], partition=at[1], graph=number)
        database, _ = open_database(GRAPH, folder, new.keys, self._options, self._patience_s)
        return Fresh(Graph(folder, database), new, folder / new.keys)

    def install(self, at: TopicPartition, fresh: "Fresh", state: State) -> Graph:
        """From now on this is the store of the partition; the one before it is deleted."""
        fresh.graph.note(state)  # with it all is on the disk, before the card says so
        card.save(self._place(at), fresh.card)
        if at in self._open:
            self._open[at].close()
        self._open[at] = fresh.graph
        self._tidy(at, fresh.card)
        return fresh.graph

    def discard(self, fresh: "Fresh") -> None:
        """Delete a store that was not installed."""
        fresh.graph.close()
        shutil.rmtree(fresh.keys)

    def keep(self, partitions: set[TopicPartition]) -> None:
        """Close the stores of all other partitions."""
        for at in self._open.keys() - partitions:
            self._open.pop(at).close()

    def close(self) -> None:
        """Close all."""
        self.keep(set())

    def _open_graph(self, at: TopicPartition) -> Graph:
        folder = self._place(at)
        known = card.read(GRAPH, folder, GraphCard)
        if known is None:
            known = GraphCard(topic=at[0], partition=at[1], graph=1)
            card.save(folder, known)
        database, _ = open_database(GRAPH, folder, known.keys, self._options, self._patience_s)
        self._tidy(at, known)
        try:
            return Graph(folder, database)
        except BaseException:
            database.close()
            raise

    def _place(self, at: TopicPartition) -> Path:
        topic, partition = at
        folder = self._folder / f"{topic}-{partition}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _tidy(self, at: TopicPartition, known: GraphCard) -> None:
        for path in self._place(at).glob(f"{_FOLDER}*"):
            if path.name != known.keys:
                shutil.rmtree(path)

    def _options(self) -> Options:
        return options_for(self._cache, _WRITE_BUFFER)


def has_store(folder: Path, at: TopicPartition) -> bool:
    """Whether a partition has a store below this folder."""
    topic, partition = at
    return card.is_there(folder / f"{topic}-{partition}")


class Fresh:
    """A store that is being filled.

    Attributes:
        graph: the store.
        card: what is written when it is in force.
        keys: its folder.
    """

    def __init__(self, graph: Graph, card: GraphCard, keys: Path) -> None:
        self.graph = graph
        self.card = card
        self.keys = keys


def _number(path: Path) -> int:
    number = path.name.removeprefix(_FOLDER)
    return int(number) if number.isdecimal() else 0
