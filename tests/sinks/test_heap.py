"""Large blocks are given back once they are free, whatever came after them."""

import subprocess
import sys

import pytest

# A body, freed; another, and what outlives it; how many MB more than before are held then.
_BODIES = """
import resource, sys
from sinks.heap import keep_large_blocks_apart

def held():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() >> 20

if sys.argv[1] == "apart":
    assert keep_large_blocks_apart()
before = held()
for _ in range(3):
    body = bytearray(b"x") * (20 << 20)
    outlives = [bytes(1000) for _ in range(1000)]
    del body
print(held() - before)
"""


@pytest.mark.parametrize(("how", "least", "most"), [("apart", 0, 10), ("together", 15, 70)])
def test_a_body_is_given_back_though_records_after_it_are_kept(how: str, least: int, most: int) -> None:
    done = subprocess.run([sys.executable, "-c", _BODIES, how], capture_output=True, text=True, check=True)
    assert least <= int(done.stdout) <= most
