"""docker-compose.yml as docker compose itself reads it: by the same library, in a small Go program."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from tests.conftest import ROOT

FILE = ROOT / "docker-compose.yml"
HERE = Path(__file__).parent / "compose"
BUILD_S = 500


def _seconds(value: object) -> object:
    """As Go writes durations: 1m0s."""
    minutes, _, seconds = str(value).removesuffix("s").rpartition("m")
    return int(minutes or 0) * 60 + float(seconds)


Seconds = Annotated[float, BeforeValidator(_seconds)]


class Health(BaseModel):
    """A health check."""

    test: list[str] = []
    disable: bool = False
    interval: Seconds = 30
    timeout: Seconds = 30


class Mount(BaseModel):
    """A file or folder of the host, or a named volume, in a container."""

    type: Literal["bind", "volume"]
    source: str
    target: str
    read_only: bool = False


class Port(BaseModel):
    """A port of a container that is open on the host."""

    host_ip: str = "0.0.0.0"
    target: int
    published: str


class Dependency(BaseModel):
    """What must have happened to another service."""

    condition: str
    required: bool


class Limits(BaseModel):
    """Of a container's resources; memory in bytes."""

    cpus: float = 0
    memory: int = 0
    pids: int = 0


class Resources(BaseModel):
    """As the specification nests them."""

    limits: Limits = Limits()


class Deploy(BaseModel):
    """As the specification nests them."""

    resources: Resources = Resources()


class Service(BaseModel):
    """What becomes of one container."""

    image: str
    build: dict[str, object] | None = None
    pull_policy: str = ""
    user: str = ""
    command: list[str] | None = None
    environment: dict[str, str] = {}
    volumes: list[Mount] = []
    tmpfs: list[str] = []
    ports: list[Port] = []
    depends_on: dict[str, Dependency] = {}
    healthcheck: Health = Health()
    deploy: Deploy = Deploy()
    restart: str = ""
    read_only: bool = False
    init: bool = False
    privileged: bool = False
    cap_add: list[str] = []
    cap_drop: list[str] = []
    security_opt: list[str] = []
    stop_grace_period: Seconds = Field(default=10)


class Compose(BaseModel):
    """The whole file."""

    services: dict[str, Service]
    volumes: dict[str, object]


class Reader:
    """The Go program, built once."""

    def __init__(self, folder: Path) -> None:
        go = shutil.which("go")
        assert go, "go is missing: install the version of tests/deploy/docker/compose/go.mod or a newer one"
        self._program = folder / "compose"
        done = subprocess.run(
            [go, "build", "-gcflags=all=-N -l", "-o", self._program, "."],
            cwd=HERE, env=os.environ | {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local"},
            capture_output=True, text=True, timeout=BUILD_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def run(
        self, environment: Path, profiles: Sequence[str] = (), file: Path = FILE
    ) -> "subprocess.CompletedProcess[str]":
        """What docker compose would say of a file: JSON on stdout, or on stderr what is wrong with it."""
        return subprocess.run(
            [self._program, file, environment, *profiles],
            env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def read(self, environment: Path, profiles: Sequence[str] = ()) -> Compose:
        """Our file, with the variables of an .env."""
        done = self.run(environment, profiles)
        assert done.returncode == 0, done.stderr
        return Compose.model_validate_json(done.stdout)
