"""An INSERT with its rows in its text, as the engine tells of every error.

Of an INSERT that takes its data in pieces, chDB tells what it cannot parse, and nothing of what fails afterwards: no
room on the disk, too many parts, a constraint, a view. The rows are gone, and it says that they were written.
"""

from typing import Final

JSON_ROWS: Final = "JSONEachRow"
_BLANK: Final = b"\n\n"


def with_rows(insert: str, rows: bytes) -> bytes:
    """The statement `insert` with rows in JSONEachRow.

    An empty line would end the data for the engine. Within JSON it can only stand between tokens, where a blank in it
    changes nothing.
    """
    rows = rows.lstrip(b" \t\r\n")
    while _BLANK in rows:
        rows = rows.replace(_BLANK, b"\n \n")
    return b"%b\nFORMAT %b\n%b" % (insert.encode(), JSON_ROWS.encode(), rows)
