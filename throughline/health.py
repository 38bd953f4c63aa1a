"""Whether the part in this container works: `python -m throughline.health`, exit status 0 when it does.

For container engines, which ask every few seconds: it imports nothing of ours, for a tenth of the command's CPU time.
"""

import http.client
import os
import re
import sys
from typing import Final

VARIABLE: Final = "THROUGHLINE_METRICS__LISTEN"
_DEFAULT: Final = "127.0.0.1:9464"
_TIMEOUT_S: Final = 3
_READY: Final = re.compile(rb"^throughline_ready(?:\{[^}]*\})? 1(?:\.0)?$", re.MULTILINE)


def fault(listen: str) -> str | None:
    """What is wrong with the part whose metrics.listen this is; None: nothing."""
    host, _, port = listen.rpartition(":")
    address = f"{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"
    connection = http.client.HTTPConnection(address, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/metrics")
        body = connection.getresponse().read()
    except (OSError, http.client.HTTPException) as error:
        return f"{address} does not answer: {type(error).__name__}"
    finally:
        connection.close()
    return None if _READY.search(body) else "it runs and cannot do its work: its log says what it waits for"


def main() -> int:
    """Ask; what is wrong goes to stdout, where container engines keep it."""
    wrong = fault(os.environ.get(VARIABLE, _DEFAULT))
    if wrong is not None:
        sys.stdout.write(wrong + "\n")
    return int(wrong is not None)


if __name__ == "__main__":
    sys.exit(main())
