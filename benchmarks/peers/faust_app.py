"""What all programs with stock Faust have in common: the app and the worker, as its documentation begins."""

import sys

import faust

from benchmarks.peers.job import COMPRESSION, Job


def app_of(job: Job) -> faust.App:
    """An app that reads from the first record on, and keeps its files in the job's folder."""
    return faust.App(
        job.group,
        broker=f"kafka://{job.bootstrap}",
        store="rocksdb://",
        datadir=job.folder,
        topic_partitions=4,
        topic_replication_factor=1,
        producer_compression_type=COMPRESSION,
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
        web_bind="127.0.0.1",
    )


def run(app: faust.App) -> None:
    """The worker, as `faust worker` runs it."""
    sys.argv[1:] = ["worker", "--without-web", "--loglevel", "error"]
    app.main()
