"""How the sink's large blocks are kept: apart from its heap."""

import ctypes
from typing import Final

LARGE: Final = 4 << 20  # bytes; the body of a large insert has more
_MMAP_THRESHOLD: Final = -3  # M_MMAP_THRESHOLD of glibc's malloc.h


def keep_large_blocks_apart() -> bool:
    """Have glibc map blocks of 4 MiB and more, and give them back once they are free; False where it is not glibc.

    By itself it does so only until the first of them is freed: then it takes blocks of up to that size, 32 MiB at
    most, out of its heap, where records that are still needed keep them from being given back (mallopt(3); what it
    saves: docs/decisions/0043).
    """
    try:
        return bool(ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, LARGE))
    except (AttributeError, OSError):
        return False
