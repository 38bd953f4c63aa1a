"""What peers do by their own means is part of what our check asks for, never more."""

import orjson
import pytest

from benchmarks.events import documents
from benchmarks.peers.job import Document, filed, is_sound
from schemas.check import Checked, check


def sound() -> Document:
    [document] = documents(1)
    return document


def test_an_interaction_is_sound_and_filed_under_its_first_identifier() -> None:
    document = sound()
    assert is_sound(document)
    assert filed(document) == "user_id:u0"
    assert document["subject"] == "user_id:u0"


@pytest.mark.parametrize("change", [{"identifiers": []}, {"event_id": 3}, {"occurred_at": None}])
def test_what_it_refuses_our_check_refuses_too(change: Document) -> None:
    document = sound() | change
    assert not is_sound(document)
    assert not isinstance(check(orjson.dumps(document)), Checked)
