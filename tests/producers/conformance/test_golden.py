"""Golden cases are read as recorded; what cannot be used says which file and why."""

from pathlib import Path

import orjson
import pytest

from producers.conformance.golden import CaseError, agrees, folders, load

RECORDED = {"received_at": "2026-01-01T01:00:00+01:00", "source": "a test"}


def case(root: Path, **recorded: object) -> Path:
    folder = root / "adapter" / "case"
    folder.mkdir(parents=True)
    (folder / "delivery.json").write_bytes(orjson.dumps(RECORDED | recorded))
    return folder


def test_a_case_is_read_as_recorded(tmp_path: Path) -> None:
    found = load(case(tmp_path, headers={"X-Name": "v"}, body="é", rejects=["time_invalid"]))
    assert found.delivery.body == "é".encode()
    assert found.delivery.headers == {"x-name": "v"}
    assert (found.delivery.method, found.delivery.path) == ("POST", "/sources/adapter")
    assert found.delivery.received_at.isoformat() == "2026-01-01T00:00:00+00:00"
    assert (found.name, found.rejects, found.expected) == ("case", ("time_invalid",), None)


def test_bytes_that_are_no_text_come_in_base64(tmp_path: Path) -> None:
    assert load(case(tmp_path, body_base64="/w==")).delivery.body == b"\xff"


@pytest.mark.parametrize("more", [{"bodi": "x"}, {"source": None}, {"received_at": "soon"}, {"body_base64": "/"}])
def test_what_cannot_be_used_names_the_file(tmp_path: Path, more: dict[str, object]) -> None:
    with pytest.raises(CaseError, match=r"delivery\.json"):
        load(case(tmp_path, **more))


def test_an_expectation_that_is_no_json_names_the_file(tmp_path: Path) -> None:
    folder = case(tmp_path)
    (folder / "expected.json").write_text("[")
    with pytest.raises(CaseError, match=r"expected\.json"):
        load(folder)


def test_only_folders_with_a_delivery_are_cases(tmp_path: Path) -> None:
    folder = case(tmp_path)
    (tmp_path / "adapter" / "notes").mkdir()
    assert folders(tmp_path, "adapter") == [folder]
    assert folders(tmp_path, "other") == []


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ([{"type": "view", "name": None, "traits": {}}], [{"type": "view"}], True),
        ([{"type": "view"}], [{"type": "view", "name": "x"}], False),
        ([{"bad": "not_json"}], [{"bad": "not_json", "path": "", "detail": "x"}], True),
        ([{"bad": "not_json", "detail": "y"}], [{"bad": "not_json", "path": "", "detail": "x"}], False),
        ([], [{"type": "view"}], False),
        ({"refused": "key_wrong"}, {"refused": "key_wrong"}, True),
        ({"refused": "key_wrong"}, [], False),
        (["x"], [{"type": "view"}], False),
    ],
)
def test_empty_members_may_be_left_out_and_details_of_bad_items_too(
    expected: object, actual: object, same: bool
) -> None:
    assert agrees(expected, actual) is same
