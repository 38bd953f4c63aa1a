"""A scaffolded adapter passes every gate as it is, and nothing is ever overwritten."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkout import ADAPTERS, ROOT, checkout
from throughline.failures import Failed
from throughline.scaffold import ROLL, enroll, scaffold

LONGEST = "a_name_that_is_as_long_as_it_may"


@pytest.fixture(name="checkout")
def copied(tmp_path: Path) -> Path:
    return checkout(tmp_path, "schemas", "producers")


def run(checkout: Path, *command: str) -> str:
    done = subprocess.run([sys.executable, "-m", *command], cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_what_is_scaffolded_passes_every_gate(checkout: Path) -> None:
    for name in ("zendesk", LONGEST):
        written = scaffold(checkout, name, "call_center")
        code = [str(path) for path in written if path.suffix == ".py"]
        run(checkout, "ruff", "check", *code)
        run(checkout, "ruff", "format", "--check", *code)
    run(checkout, "mypy", "--cache-dir", str(checkout / "cache"), "producers/adapters", str(ADAPTERS))
    told = run(checkout, "pytest", "-p", "no:cacheprovider", str(ADAPTERS), "-k", f"zendesk or {LONGEST}", "-vv")
    assert "test_the_adapter_conforms[zendesk] PASSED" in told
    assert "test_a_retry_gives_the_same_interaction PASSED" in told


def test_every_file_is_told_and_nothing_is_overwritten(checkout: Path) -> None:
    written = scaffold(checkout, "help_desk", "chat")
    assert [str(path.relative_to(checkout)) for path in written] == [
        "producers/adapters/help_desk.py",
        "tests/producers/adapters/test_help_desk.py",
        "tests/golden/help_desk/message/delivery.json",
        "tests/golden/help_desk/message/expected.json",
        "tests/golden/help_desk/forged/delivery.json",
        "tests/golden/help_desk/forged/expected.json",
        str(ROLL),
    ]
    before = [path.read_bytes() for path in written]
    with pytest.raises(Failed, match="is there already; nothing was written"):
        scaffold(checkout, "help_desk", "email")
    written[0].unlink()
    with pytest.raises(Failed, match="is there already; nothing was written"):
        scaffold(checkout, "help_desk", "email")
    assert [path.read_bytes() for path in written[1:]] == before[1:]
    assert not written[0].exists()


@pytest.mark.parametrize("name", ["", "Zendesk", "7up", "a-b", "import", "../x", "x" * 33])
def test_a_name_that_will_not_do_is_refused(checkout: Path, name: str) -> None:
    with pytest.raises(Failed, match="is no name for a module"):
        scaffold(checkout, name, "chat")


def test_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="run this in a checkout"):
        scaffold(tmp_path, "zendesk", "chat")


def test_the_roll_is_kept_sorted_and_an_unknown_form_is_left_alone() -> None:
    roll = (ROOT / ROLL).read_text()
    edited = enroll(enroll(roll, "aircall", "Aircall"), "zendesk", "Zendesk")
    for lines in (roll.splitlines(), edited.splitlines()):
        imports = [line for line in lines if line.startswith("from producers.adapters.")]
        assert imports == sorted(imports)
    assert set(roll.splitlines()) - set(edited.splitlines()) <= {
        line for line in roll.splitlines() if line.startswith("_ADAPTERS")
    }
    with pytest.raises(Failed, match="on the roll already"):
        enroll(edited, "zendesk", "Zendesk")
    with pytest.raises(Failed, match="by hand"):
        enroll("ROLL = {}\n", "zendesk", "Zendesk")
