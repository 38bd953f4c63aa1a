"""The embedded broker drops what it cannot hold, without a word: the budget holds senders back before."""

from pathlib import Path

import pytest

from tests.integration.beside import Load, exactly
from tests.integration.running import install, kill, running, standing_still

pytestmark = [pytest.mark.slow, pytest.mark.chdb, pytest.mark.timeout(600)]


def test_at_full_speed_with_any_part_standing_still_or_killed_nothing_is_dropped(tmp_path: Path) -> None:
    installation = install(tmp_path)
    with running(installation) as up:
        load = Load([installation.http], filler=3000)
        with load.flowing():
            load.goes_on()
            for part in ("sink", "process", "resolve"):
                with standing_still(up, part):
                    load.is_held_back()
                load.goes_on()
                assert kill(up, part)
                load.goes_on()
        assert not load.faults
        exactly(installation, load)
    log = (tmp_path / "up.log").read_text()
    assert "position_fell_out_of_range" not in log
    assert "records_lost" not in log
