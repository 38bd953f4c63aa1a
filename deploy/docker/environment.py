"""The .env of docker-compose.yml: `python -m deploy.docker.environment [BROKERS]`, or `make compose-env`.

Random passwords, for nobody but its owner to read; one that is there is never written over.
"""

import os
import secrets
import sys
from pathlib import Path
from typing import Final

from deploy.kafka.local import cluster_id

FILE: Final = Path(".env")
MOST_BROKERS: Final = 3
_PASSWORD_BYTES: Final = 24
_HEAD: Final = (
    "# Made by `make compose-env`, read by docker compose. The data in the volumes is of no use without it: back it up."
)


def variables(brokers: int) -> dict[str, str]:
    """What docker-compose.yml asks for, with new passwords; `brokers`: 1, or 3 with every record on all of them."""
    passwords = ("CLICKHOUSE_PASSWORD", "CLICKHOUSE_READER_PASSWORD", "GRAFANA_PASSWORD", "WEB_WRITE_KEY")
    found = {name: secrets.token_hex(_PASSWORD_BYTES) for name in passwords}
    found["KAFKA_CLUSTER_ID"] = cluster_id()
    if brokers == 1:
        return found
    numbers = range(1, brokers + 1)
    return found | {
        "COMPOSE_PROFILES": "cluster",
        "KAFKA_BOOTSTRAP": ",".join(f"kafka-{number}:9092" for number in numbers),
        "KAFKA_VOTERS": ",".join(f"{number}@kafka-{number}:9093" for number in numbers),
        "KAFKA_REPLICATION": str(brokers),
        "KAFKA_MIN_INSYNC": str(brokers - 1),
    }


def write(path: Path, brokers: int) -> None:
    """Write the file, mode 600.

    Raises:
        FileExistsError: there is one; its passwords are those of the volumes.
    """
    lines = [_HEAD, *(f"{name}={value}" for name, value in variables(brokers).items())]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write("\n".join(lines) + "\n")


def main(arguments: list[str]) -> int:
    """Write .env here; exit status 1 when there is one, 2 for a number of brokers that is neither 1 nor 3."""
    match arguments:
        case [] | ["1"]:
            brokers = 1
        case ["3"]:
            brokers = MOST_BROKERS
        case _:
            sys.stderr.write("usage: python -m deploy.docker.environment [1|3], the number of brokers\n")
            return 2
    try:
        write(FILE, brokers)
    except FileExistsError:
        sys.stderr.write(
            f"{FILE} is there already, and the volumes know its passwords; remove it yourself to begin anew\n"
        )
        return 1
    sys.stderr.write(f"{FILE} written; `docker compose up --detach --build` is next\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
