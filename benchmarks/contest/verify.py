"""A figure counts only when what came out is right: each interaction once, nothing else."""

from collections.abc import Mapping

from confluent_kafka import Consumer, TopicPartition

from benchmarks.contest.course import Course

Ends = Mapping[tuple[str, int], int]
_MEMBER = b'"event_id":'


class WrongOutputError(Exception):
    """What a contestant wrote is not what it had to write."""


def verify(course: Course, before: Ends, after: Ends) -> None:
    """Read what was written to a topic between two readings of its ends.

    Raises:
        WrongOutputError: an interaction is missing or there twice, or a copy or a bad one came out.
    """
    found = [event_id_of(value) for value in _values(course.bootstrap, before, after)]
    distinct = set(found)
    if len(found) != len(distinct) or distinct != course.ids:
        raise WrongOutputError(
            f"{len(found)} records, {len(distinct)} distinct, {len(course.ids - distinct)} missing, "
            f"{len(distinct - course.ids)} too many; {len(course.ids)} were expected"
        )


def event_id_of(value: bytes) -> bytes:
    """The first event id in a record's JSON, found without parsing: there may be a space before it."""
    begin = value.index(b'"', value.index(_MEMBER) + len(_MEMBER)) + 1
    return value[begin : begin + 36]


def _values(bootstrap: str, before: Ends, after: Ends) -> list[bytes]:
    settings: dict[str, str | int | float | bool] = {"bootstrap.servers": bootstrap, "group.id": "bench-verify"}
    consumer = Consumer(settings | {"enable.auto.commit": False})
    left = {at: end - before.get(at, 0) for at, end in after.items() if end > before.get(at, 0)}
    consumer.assign([TopicPartition(*at, before.get(at, 0)) for at in left])
    values: list[bytes] = []
    wanted = sum(left.values())
    while len(values) < wanted:
        some = consumer.consume(10_000, 10.0)
        if not some:
            raise WrongOutputError(f"only {len(values)} of {wanted} records could be read again")
        values += [message.value() or b"" for message in some if message.error() is None]
    consumer.close()
    return values
