"""Write dashboards/*.json: `python -m deploy.grafana`; with `--check`, name those that are stale."""

import json
import sys
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana import intake, kafka, overview, processor, quality, resolver, sink
from deploy.grafana.panels import Board

FOLDER: Final = Path("deploy/grafana/dashboards")
BOARDS: Final = (
    overview.BOARD, intake.BOARD, processor.BOARD, resolver.BOARD, sink.BOARD, kafka.BOARD, quality.BOARD
)  # fmt: skip


def text(board: Board) -> str:
    """A dashboard as Grafana reads it from a file."""
    return json.dumps(board.build(), cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def files() -> dict[Path, str]:
    """Every file and what it should hold."""
    return {FOLDER / f"{board.name}.json": text(board) for board in BOARDS}


def main(arguments: list[str]) -> int:
    """Write what is stale; with `--check` name it instead, exit status 1 when there is any."""
    stale = [path for path, wanted in files().items() if not path.exists() or path.read_text() != wanted]
    if "--check" in arguments:
        for path in stale:
            sys.stderr.write(f"{path} is stale: run `make docs`\n")
        return int(bool(stale))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in stale:
        path.write_text(files()[path])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
