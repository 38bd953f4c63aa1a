"""The compose file, read for one broker and for three."""

from pathlib import Path

import pytest

from deploy.docker.environment import write
from tests.deploy.docker.composed import Compose, Reader


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(tmp_path_factory.mktemp("compose"))


@pytest.fixture(scope="session")
def environment_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An .env as `make compose-env` makes it."""
    path = tmp_path_factory.mktemp("environment") / ".env"
    write(path, brokers=1)
    return path


@pytest.fixture(scope="session")
def compose(reader: Reader, environment_file: Path) -> Compose:
    """With one broker."""
    return reader.read(environment_file)


@pytest.fixture(scope="session")
def cluster(reader: Reader, tmp_path_factory: pytest.TempPathFactory) -> Compose:
    """With three brokers."""
    path = tmp_path_factory.mktemp("cluster") / ".env"
    write(path, brokers=3)
    return reader.read(path)
