"""Two judgements side by side: every moment that changes hands is told once, and who merged, split or changed."""

from collections.abc import Sequence
from random import Random
from uuid import UUID

import pytest

from schemas.identity import BEGIN, END, Range
from stream_processors.core.judge import judge
from tests.stream_processors.core.identity_worlds import RULES, link, name, narrow, random_facts, tie
from tests.throughline.identity.giving import owners
from throughline.identity.compare import changes, moves, pictures

P, Q, R = (UUID(int=n) for n in (1, 2, 3))


def at(ranges: Sequence[Range], moment: int) -> UUID:
    [owner] = [one.profile for one in ranges if one.since <= moment < one.until]
    return owner


def test_moves_are_the_stretches_that_differ() -> None:
    before = [Range(BEGIN, 10, P, "linked"), Range(10, END, Q, "contested")]
    after = [Range(BEGIN, 5, P, "linked"), Range(5, 20, R, "linked"), Range(20, END, Q, "contested")]
    assert [tuple(move)[1:] for move in moves("email:a", before, after)] == [(5, 10, P, R), (10, 20, Q, R)]
    assert list(moves("email:a", before, before)) == []


@pytest.mark.parametrize("seed", range(60))
def test_every_moment_that_changes_hands_is_in_one_move(seed: int) -> None:
    random = Random(seed)
    names = [f"{kind}{n}" for kind in "UEPADS" for n in range(1, 5)]
    facts = random_facts(random, size=30, commands=0.2, names=names)
    before, after = (judge(facts, narrow(random)).owners for _ in range(2))
    found = changes(before, before.__getitem__, after.__getitem__)
    told = [move for change in found for move in change.moves]
    for who in before:
        for moment in [*range(45), END - 1]:
            mine = [move for move in told if move.identifier == who and move.since <= moment < move.until]
            differs = at(before[who], moment) != at(after[who], moment)
            assert len(mine) == differs
            assert all((move.before, move.after) == (at(before[who], moment), at(after[who], moment)) for move in mine)
    everybody = [who for change in found for who in change.identifiers]
    assert len(everybody) == len(set(everybody))
    for change in found:
        assert change.identifiers == tuple(sorted(who for picture in change.after for who in picture.identifiers))
        for picture in change.before:
            whole = {who for who in before if before[who][-1].profile == picture.profile}
            assert set(picture.identifiers) == whole


def test_what_happened_has_a_name() -> None:
    apart = [link("U1", "E1", 1), link("P1", "S1", 1)]
    joined = [*apart, tie("E1", "P1", 2)]
    one, other = owners(apart), owners(joined)
    assert [change.what for change in changes(one, one.__getitem__, other.__getitem__)] == ["merged"]
    assert [change.what for change in changes(one, other.__getitem__, one.__getitem__)] == ["split"]
    elsewhere = owners([link("U1", "P1", 1), link("E1", "S1", 1)])
    assert [change.what for change in changes(one, one.__getitem__, elsewhere.__getitem__)] == ["moved"]


def test_a_picture_of_a_doubtful_identifier_is_nobodys() -> None:
    found = owners([link("A1", "U1", 1), link("A1", "U2", 5)], RULES)
    assert [(picture.identifiers, picture.state) for picture in pictures(found, found.__getitem__)] == [
        ((name("A1"),), "contested"), ((name("U1"),), "linked"), ((name("U2"),), "own")
    ]  # fmt: skip
