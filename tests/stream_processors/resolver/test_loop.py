"""The thread of the resolver, asked when it has ended."""

from collections.abc import Callable
from typing import cast
from unittest.mock import MagicMock

import pytest

from stream_processors.answers import EndedError
from stream_processors.resolver.halt import Halt
from stream_processors.resolver.loop import Loop
from stream_processors.resolver.tools import Tools
from stream_processors.transport import Found
from tests.waiting import until

ASKED = {("identity.evidence", 0): Found(committed=5, mark="", low=0, high=9)}


def ended(end: Callable[[Loop], object]) -> Loop:
    """A resolver's thread that has begun, and then ended."""
    tools = MagicMock(spec=Tools, halt=Halt(), emitter=MagicMock(), graphs=MagicMock())
    loop = Loop(cast("Tools", tools), lambda _: None, lambda: False)
    loop.begin()
    end(loop)
    return loop


def test_partitions_that_come_after_the_end_are_not_begun() -> None:
    loop = ended(lambda loop: loop.end(60))
    assert loop.find(ASKED) == {}


def test_a_thread_that_ended_by_itself_is_told_of() -> None:
    loop = ended(lambda loop: until(lambda: not loop._thread.is_alive()))
    with pytest.raises(EndedError):
        loop.find(ASKED)
