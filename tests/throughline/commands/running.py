"""Commands run in this process, against a ClickHouse and a Kafka of the test's own."""

from collections.abc import Callable
from dataclasses import dataclass, field

import orjson
import pytest
from click.testing import CliRunner

from schemas.settings import ConfigurationError
from tests.sinks.conftest import Store
from throughline.__main__ import cli
from throughline.failures import Failed


@dataclass(frozen=True)
class Done:
    """How a command ended: as `throughline.__main__.main` tells it."""

    status: int
    out: str
    error: str

    @property
    def row(self) -> dict[str, object]:
        """The one JSON object of its output."""
        [row] = [orjson.loads(line) for line in self.out.splitlines()]
        assert isinstance(row, dict)
        return row


@dataclass
class Terminal:
    """Runs commands."""

    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str) -> Done:
        result = CliRunner().invoke(cli, arguments, env=self.environment)
        error = result.exception
        if isinstance(error, Failed):
            return Done(error.status, result.stdout, str(error))
        if isinstance(error, ConfigurationError):
            return Done(2, result.stdout, str(error))
        if error is not None and not isinstance(error, SystemExit):
            raise error
        return Done(result.exit_code, result.stdout, result.stderr)


def terminal(store: Store, patch: pytest.MonkeyPatch, folder: object, **environment: str) -> Terminal:
    """A terminal in a folder of its own."""
    patch.chdir(str(folder))
    return Terminal({"THROUGHLINE_CLICKHOUSE__URL": store.url, **environment})


Run = Callable[..., Done]
