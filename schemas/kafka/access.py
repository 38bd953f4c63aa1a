"""Whether Kafka lets us in: a refusal is told apart from a broker that is away, and names the keys to look at."""

from time import monotonic
from typing import Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ClusterMetadata

from schemas.kafka.clients import Config
from schemas.settings import ConfigurationError

_REFUSED: Final = (KafkaError._AUTHENTICATION, KafkaError._SSL)  # noqa: SLF001  librdkafka's own names begin so
_PROBE_S: Final = 3.0
_SHARED: Final = (
    "bootstrap.servers",
    "broker.",
    "client.",
    "enable.ssl.",
    "https.",
    "reconnect.",
    "sasl.",
    "security.",
    "socket.",
    "ssl.",
)


class AccessRefusedError(ConfigurationError):
    """Kafka is there and does not let us in: a wrong user or password, or a certificate that is not trusted."""


class Admin(AdminClient):
    """An admin client whose `list_topics` says when Kafka refuses us; librdkafka itself only says that it failed."""

    def __init__(self, config: Config) -> None:
        """`config`: of any client; what only consumers or producers know is left out.

        Raises:
            ConfigurationError: a key or its value cannot be used.
        """
        self._refusal: str | None = None
        own: Config = {"log_level": 0}  # what fails is raised; librdkafka would say it on stderr, many times a second
        shared = {key: value for key, value in config.items() if key.startswith(_SHARED)}
        try:
            super().__init__({**shared, **own, "error_cb": self._heard})  # type: ignore[dict-item]  # its stub omits it
        except KafkaException as error:
            msg = f"kafka: {error.args[0].str()}"
            raise ConfigurationError(msg) from None

    def list_topics(self, topic: str | None = None, timeout: float = _PROBE_S) -> ClusterMetadata:
        """The topics, or one, `timeout` seconds at most.

        Raises:
            AccessRefusedError: Kafka does not let us in; told after 3 seconds, in which librdkafka tries many times.
            KafkaException: it cannot be reached.
        """
        deadline = monotonic() + timeout
        while True:
            left = deadline - monotonic()
            try:
                found: ClusterMetadata = super().list_topics(topic, min(max(left, 0.01), _PROBE_S))
            except KafkaException:
                self.poll(0)
                if self._refusal is not None:
                    what = f"Kafka refuses us: {self._refusal}"
                    msg = f"{what}; see kafka.security.protocol, kafka.sasl.* and kafka.ssl.*"
                    raise AccessRefusedError(msg) from None
                if left <= _PROBE_S:
                    raise
            else:
                self._refusal = None
                return found

    def _heard(self, error: KafkaError) -> None:
        """The last word counts: a broker that goes away in the middle of a handshake refuses nobody."""
        if error.code() != KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001  as above; it follows every other error
            self._refusal = error.str().partition(" (after ")[0] if error.code() in _REFUSED else None
