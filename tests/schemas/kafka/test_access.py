import pytest
from confluent_kafka import KafkaException

from schemas.kafka.access import AccessRefusedError, Admin
from schemas.settings import ConfigurationError
from tests.ports import free_port

AWAY = f"127.0.0.1:{free_port()}"


def test_a_broker_that_is_away_refuses_nobody() -> None:
    with pytest.raises(KafkaException):
        Admin({"bootstrap.servers": AWAY}).list_topics(timeout=0.3)


@pytest.mark.parametrize("protocol", ["ssl", "sasl_plaintext"])
def test_a_broker_that_goes_away_while_it_is_asked_refuses_nobody(protocol: str) -> None:
    config = {"security.protocol": protocol, "sasl.mechanism": "PLAIN", "sasl.username": "u", "sasl.password": "p"}
    with pytest.raises(KafkaException) as raised:
        Admin({"bootstrap.servers": AWAY, **config}).list_topics(timeout=0.3)
    assert not isinstance(raised.value, AccessRefusedError)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"security.protocol": "ssl", "ssl.ca.location": "/none.pem"}, "ssl.ca.location"),
        ({"security.protocol": "sasl_ssl", "sasl.mechanism": "SCRUM"}, "SCRUM"),
        ({"security.protocol": "sasl_ssl", "sasl.mechanism": "PLAIN"}, "sasl.username and sasl.password must be set"),
    ],
)
def test_a_value_that_cannot_be_used_is_the_configurations_fault(keys: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^kafka: .*{told}"):
        Admin({"bootstrap.servers": AWAY, **keys})


def test_what_only_others_know_is_left_out() -> None:
    Admin({"bootstrap.servers": AWAY, "linger.ms": 5, "group.id": "g", "enable.ssl.certificate.verification": "false"})
