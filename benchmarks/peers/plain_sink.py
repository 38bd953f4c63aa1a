"""The floor of a sink: consume, join, insert, commit, with clickhouse-connect; nothing is looked at, nothing is exact.

`python -m benchmarks.peers.plain_sink BOOTSTRAP TOPIC GROUP TABLE URL`: a crash between insert and commit stores rows
twice, a bad row stops it for good.
"""

import sys
from typing import Final
from urllib.parse import urlsplit

import clickhouse_connect
from confluent_kafka import Consumer

from benchmarks.peers.job import Job
from sinks.clickhouse.client import INSERT_SETTINGS
from sinks.gather import Limits

FULL: Final = Limits()  # what an insert has at most: as ours


def main(bootstrap: str, topic: str, group: str, table: str, url: str) -> None:
    """Run until killed."""
    consumer = Consumer(Job(bootstrap, topic, "", group, "").consumer)
    consumer.subscribe([topic])
    place = urlsplit(url)
    client = clickhouse_connect.get_client(
        host=place.hostname or "",
        port=place.port or 0,
        username=place.username,
        password=place.password or "",
        database=place.path.strip("/"),
        compress=False,
    )
    rows: list[bytes] = []
    size = 0
    while True:
        values = [message.value() or b"" for message in consumer.consume(4_000, 0.05)]
        rows += values
        size += sum(map(len, values))
        if rows and (not values or len(rows) >= FULL.rows or size >= FULL.size):
            client.raw_insert(table, insert_block=b"\n".join(rows), fmt="JSONEachRow", settings=dict(INSERT_SETTINGS))
            consumer.commit(asynchronous=False)
            rows, size = [], 0


if __name__ == "__main__":
    main(*sys.argv[1:])
