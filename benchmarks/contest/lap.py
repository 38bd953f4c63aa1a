"""One contestant, once: started, watched by what it writes, stopped, and its output verified."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from benchmarks.contest.contestants import OURS, Contestant, environment
from benchmarks.contest.course import PARTITIONS, Course
from benchmarks.contest.groups import forget
from benchmarks.contest.verify import WrongOutputError, verify
from benchmarks.contest.watch import POLL_S, Entry, Lap, LapFailedError, Watch, running
from schemas.kafka.clients import process_group
from schemas.kafka.offsets import KafkaOffsets
from schemas.settings import KafkaSettings
from schemas.topics import Topics

_SHOWN_S: Final = 60.0
Ends = dict[tuple[str, int], int]


def run(contestant: Contestant, course: Course, broker: int, folder: Path) -> Lap:
    """Run it over the whole course.

    Raises:
        LapFailedError: it did not finish.
        WrongOutputError: it wrote something else than it had to.
    """
    with entered(contestant, course, folder) as entry:
        return Watch(entry.count, entry.process, entry.log, {"broker": broker}).lap(len(course.ids))


@contextmanager
def entered(contestant: Contestant, course: Course, folder: Path) -> Iterator[Entry]:
    """A contestant at work; at the end, when all must have come out, it is stopped and its output verified.

    Raises:
        LapFailedError: it could not be cleaned up after.
        WrongOutputError: it wrote something else than it had to.
    """
    folder.mkdir(parents=True)
    topics = _topics(contestant, course, folder.name)
    before = _ends(course.bootstrap, topics)
    offsets = KafkaOffsets(KafkaSettings(bootstrap=course.bootstrap), "bench", refresh_s=600)
    begin = _of(topics[0], before)

    def count() -> int:
        return sum(offsets.ends_of(list(begin)).values()) - sum(begin.values())

    log = folder / "log"
    try:
        with running(contestant.command(course, folder.name, folder), environment(course, folder), log) as process:
            yield Entry(contestant.name, process, count, log)
            if contestant.has_our_step:
                _verify_fates(course, offsets, topics, before)
        verify(course, begin, _of(topics[0], _ends(course.bootstrap, topics)))
    finally:
        offsets.close()
        _clean(contestant, course, topics)


def _topics(contestant: Contestant, course: Course, output: str) -> tuple[str, ...]:
    """The topics of what is stored, of copies, and of rejects."""
    if contestant.name == OURS:
        return Topics(course.prefix).outputs
    names = (output, f"{output}-duplicates", f"{output}-rejected")
    admin = AdminClient({"bootstrap.servers": course.bootstrap})
    for future in admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in names]).values():
        future.result()
    return names


def _ends(bootstrap: str, topics: tuple[str, ...]) -> Ends:
    """Where the topics end; a topic that was made just now shows itself bit by bit."""
    deadline = time.monotonic() + _SHOWN_S
    while True:
        offsets = KafkaOffsets(KafkaSettings(bootstrap=bootstrap), "bench")
        try:
            ends = offsets.ends(topics)
            if len(ends) == len(topics) * PARTITIONS:
                return ends
        except KafkaException:  # no leader yet
            if time.monotonic() > deadline:
                raise
        finally:
            offsets.close()
        time.sleep(POLL_S)


def _of(topic: str, ends: Ends) -> Ends:
    return {at: end for at, end in ends.items() if at[0] == topic}


def _verify_fates(course: Course, offsets: KafkaOffsets, topics: tuple[str, ...], before: Ends) -> None:
    """Where the step says of each record what became of it: that the copies and the bad ones come, too."""
    deadline = time.monotonic() + _SHOWN_S
    expected = dict(zip(topics[1:], (course.copies, course.bad), strict=True))
    while True:
        ends = offsets.ends_of(list(before))
        found = {topic: sum(_of(topic, ends).values()) - sum(_of(topic, before).values()) for topic in expected}
        if found == expected:
            return
        if time.monotonic() > deadline:
            raise WrongOutputError(f"{found} records, {expected} were expected")
        time.sleep(POLL_S)


def _clean(contestant: Contestant, course: Course, topics: tuple[str, ...]) -> None:
    """So that the next run begins alike: our group forgotten, others' topics gone."""
    if contestant.name == OURS:
        forget(course.bootstrap, process_group(KafkaSettings(bootstrap=course.bootstrap, prefix=course.prefix)))
        return
    admin = AdminClient({"bootstrap.servers": course.bootstrap})  # without a name it would be gone before they are
    for future in admin.delete_topics(list(topics)).values():
        try:
            future.result()
        except KafkaException as error:
            raise LapFailedError(f"the broker could not be cleaned: {error}") from error
