"""A container without an engine: its own root made of mounts, its user, its rights, on the host's network.

Of the host it sees the system's libraries and the interpreter, read-only. Needs root, as engines do, or a kernel that
lets users have namespaces of their own.
"""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.docker.composed import Mount, Service

INSTALLED = "/opt/throughline"
_HOST = ("/usr", "/lib", "/lib64", "/bin", "/sbin", sys.base_prefix)
_DEVICES = ("null", "zero", "full", "random", "urandom")


@dataclass(frozen=True, slots=True)
class Image:
    """What a Dockerfile makes.

    Attributes:
        installed: a folder of the host; /opt/throughline in the container.
        environment: what the image sets.
        entrypoint: what stands before every command.
    """

    installed: Path
    environment: Mapping[str, str]
    entrypoint: tuple[str, ...] = ("throughline",)


@dataclass(slots=True)
class Container:
    """One container of a service.

    Attributes:
        environment: the whole of it, as the service has it here.
        root: a folder of its own for its root.
        volumes: where named volumes are on the host.
    """

    name: str
    service: Service
    environment: Mapping[str, str]
    image: Image
    root: Path
    volumes: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def log(self) -> Path:
        """What it wrote."""
        return self.root.with_name(f"{self.root.name}.log")

    def start(self) -> None:
        """Start its command."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self._command([*self.image.entrypoint, *(self.service.command or [])]),
                stdout=out, stderr=out, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def run(self, *arguments: str, statuses: Collection[int] = (0,)) -> str:
        """Another command in a container like this one, to its end with one of these statuses; its standard output."""
        done = subprocess.run(
            self._command([*self.image.entrypoint, *arguments]),
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode in statuses, done.stderr
        return done.stdout

    def is_healthy(self) -> bool:
        """Whether its health check passes."""
        how, *check = self.service.healthcheck.test
        assert how == "CMD"
        assert self.process is not None
        assert self.process.poll() is None, f"{self.name} ended:\n{self.log.read_text()[-3000:]}"
        done = subprocess.run(self._command(check), capture_output=True, check=False)
        return done.returncode == 0

    def stop(self) -> int:
        """Ask it to end, as an engine does; its exit status. Fails when that takes longer than its grace period."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(self.service.stop_grace_period)

    def kill(self) -> None:
        """End it, if it still runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def status(self, field: str) -> str:
        """A line of /proc/<pid>/status."""
        assert self.process is not None
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(line for line in lines if line.startswith(f"{field}:")).partition(":")[2].strip()

    def _environment(self) -> list[str]:
        return [f"{name}={value}" for name, value in {**self.image.environment, **self.environment}.items()]

    def _command(self, command: list[str]) -> list[str]:
        """All of it is exec: the pid is the command's own, and gets its signals."""
        uid, _, gid = self.service.user.partition(":")
        rights = ["--bounding-set=-all", "--inh-caps=-all"] if self.service.cap_drop == ["ALL"] else []
        rights += ["--no-new-privs"] if "no-new-privileges:true" in self.service.security_opt else []
        user = [f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
        namespaces = ["unshare", "--mount"]
        if os.geteuid() != 0:  # then it is a user without rights already
            user, namespaces = [], [*namespaces, "--user", "--map-root-user"]
        inside = ["chroot", str(self.root), "setpriv", *rights, *user, "env", "-i", *self._environment(), *command]
        script = "\n".join([*self._mounts(), f"exec {shlex.join(inside)}"])
        return [*namespaces, "sh", "-euc", script]

    def _mounts(self) -> Iterator[str]:
        """The commands that make the root; it ends with the namespace."""
        self.root.mkdir(exist_ok=True)
        yield "mount --make-rprivate /"
        yield from _bound(self.root, self.root)
        for path in map(Path, _HOST):
            if path.is_symlink() and not (self.root / path.name).is_symlink():
                (self.root / path.name).symlink_to(path.readlink())
            elif path.is_dir() and not path.is_symlink() and path.parts[:2] != ("/", "usr"):
                yield from _bound(path, self._place(str(path)), read_only=True)
        yield from _bound(Path("/usr"), self._place("/usr"), read_only=True)
        for device in _DEVICES:
            yield from _bound(Path("/dev", device), self._place(f"/dev/{device}", is_file=True))
        yield f"mount --rbind /proc {self._place('/proc')}"
        yield from _bound(self.image.installed, self._place(INSTALLED), read_only=True)
        for mount in self.service.volumes:
            source = self._source(mount)
            yield from _bound(source, self._place(mount.target, is_file=source.is_file()), read_only=mount.read_only)
        for entry in self.service.tmpfs:
            target, _, options = entry.partition(":")
            yield f"mount -t tmpfs -o {options or 'mode=1777'} tmpfs {self._place(target)}"
        if self.service.read_only:
            yield f"mount -o remount,bind,ro {self.root}"

    def _source(self, mount: Mount) -> Path:
        if mount.type == "bind":
            return Path(mount.source)
        volume = self.volumes / mount.source
        if not volume.exists():
            volume.mkdir(parents=True, mode=0o700)
            if os.geteuid() == 0:  # an engine copies the owner of the image's folder
                os.chown(volume, *map(int, self.service.user.split(":")))
        return volume

    def _place(self, path: str, *, is_file: bool = False) -> Path:
        """Where a path of the container is, made so that something can be mounted there."""
        place = self.root / path.removeprefix("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if is_file:
            place.touch()
        else:
            place.mkdir(exist_ok=True)
        return place


def _bound(source: Path, target: Path, *, read_only: bool = False) -> Iterator[str]:
    yield shlex.join(["mount", "--bind", str(source), str(target)])
    if read_only:
        yield shlex.join(["mount", "-o", "remount,bind,ro", str(target)])
