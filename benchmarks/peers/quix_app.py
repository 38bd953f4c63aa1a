"""What all programs with Quix Streams have in common."""

from quixstreams import Application

from benchmarks.peers.job import COMPRESSION, Job


def app_of(job: Job, commit_every: int = 0) -> Application:
    """An application that reads from the first record on, and keeps its state in the job's folder."""
    return Application(
        broker_address=job.bootstrap,
        consumer_group=job.group,
        auto_offset_reset="earliest",
        commit_every=commit_every,
        state_dir=job.folder,
        consumer_extra_config={"fetch.queue.backoff.ms": 5},
        producer_extra_config={"compression.type": COMPRESSION},
        loglevel="ERROR",
        auto_create_topics=True,
    )
