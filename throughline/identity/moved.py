"""How many interactions move: counted in ClickHouse, by what they are filed under and when they happened."""

from collections.abc import Iterator, Sequence
from typing import Final

from sinks.clickhouse.client import ClickHouse
from throughline.identity.compare import Move
from throughline.identity.facts import pieces
from throughline.reading import query

_PIECE: Final = 500  # moves in one question


def interactions_moved(client: ClickHouse, tenant: str, moves: Sequence[Move]) -> list[int]:
    """For each move, how many interactions go with it."""
    counts: list[int] = []
    for some in _pieces(moves):
        found = [0] * len(some)
        parameters = {
            "tenant": tenant,
            "subjects": [move.identifier for move in some],
            "since": [move.since for move in some],
            "until": [move.until for move in some],
        }
        for row in query(client, "interactions_moved", parameters):
            found[row["number"]] = row["interactions"]
        counts += found
    return counts


def _pieces(moves: Sequence[Move]) -> Iterator[Sequence[Move]]:
    begin = 0
    for names in pieces([move.identifier for move in moves]):
        for start in range(begin, begin + len(names), _PIECE):
            yield moves[start : min(start + _PIECE, begin + len(names))]
        begin += len(names)
