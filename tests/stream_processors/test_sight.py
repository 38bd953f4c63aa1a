"""The readers out of sight: it is said once, and a client that is stuck ends its part."""

from confluent_kafka import KafkaError, KafkaException
from structlog.testing import capture_logs

from schemas.kafka.stuck import PATIENCE_S, Patience, StuckError
from stream_processors.sight import Sight

AWAY = KafkaException(KafkaError(KafkaError._TRANSPORT))
REFUSED = KafkaException(KafkaError(KafkaError.GROUP_AUTHORIZATION_FAILED))


class World:
    """A clock, and a Kafka that answers others or not."""

    def __init__(self) -> None:
        self.now = 0.0
        self.answers = True
        self.failures: list[BaseException] = []
        self.sight = Sight(Patience(lambda: self.answers, lambda: self.now), self.failures.append)

    def look(self, failure: Exception | None, seconds: float) -> None:
        """A look a second."""
        for _ in range(round(seconds)):
            self.now += 1
            self.sight.looked(failure)


def test_a_client_that_is_stuck_ends_its_part_once() -> None:
    world = World()
    world.look(AWAY, 2 * PATIENCE_S)
    assert not world.failures
    world.look(AWAY, PATIENCE_S)
    assert [type(one) for one in world.failures] == [StuckError]


def test_a_kafka_that_is_away_is_waited_for() -> None:
    world = World()
    world.answers = False
    world.look(AWAY, 100 * PATIENCE_S)
    assert not world.failures


def test_a_refusal_is_no_reason_to_begin_again() -> None:
    world = World()
    world.look(REFUSED, 10 * PATIENCE_S)
    assert not world.failures


def test_what_is_seen_again_was_never_stuck() -> None:
    world = World()
    with capture_logs() as said:
        for _ in range(3):
            world.look(AWAY, PATIENCE_S)
            world.look(None, 1)
    assert not world.failures
    assert [entry["event"] for entry in said] == ["readers_lost", "readers_found"] * 3
