import pytest

from tests.throughline.gateway.test_leases import Connection
from throughline.gateway.spares import MOST, Spares


@pytest.fixture
def opened() -> list[Connection]:
    return []


@pytest.fixture
def spares(opened: list[Connection]) -> Spares:
    def open_() -> Connection:
        opened.append(Connection())
        return opened[-1]

    return Spares(open_)


def test_one_that_is_ready_is_given_once_and_replaced(spares: Spares, opened: list[Connection]) -> None:
    first = spares.take()
    assert opened == [first]
    for _ in range(MOST + 1):
        spares.refill()
    assert len(opened) == 1 + MOST
    assert [spares.take() for _ in range(MOST)] == opened[1:]
    assert spares.take() is opened[-1]
    assert len(opened) == 2 + MOST


def test_those_that_nobody_took_are_closed(spares: Spares, opened: list[Connection]) -> None:
    spares.refill()
    taken = spares.take()
    spares.refill()
    spares.close()
    assert [(connection is taken, connection.closed) for connection in opened] == [(True, False), (False, True)]
