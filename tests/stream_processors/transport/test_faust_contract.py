"""What the transport leans on in Faust, public or not: when this fails, read Faust's changes before you mend it."""

import inspect
from importlib.metadata import version

import faust
import pytest
from faust.app.base import App as FaustApp
from faust.transport import base, by_url
from faust.transport.consumer import Consumer as FaustConsumer
from faust.transport.consumer import Fetcher
from faust.types import TP, ConsumerMessage

from stream_processors.transport import Transport
from stream_processors.transport.consumer import Consumer


def parameters(function: object) -> list[str]:
    assert callable(function)
    return list(inspect.signature(function).parameters)


def test_it_is_the_version_that_was_read() -> None:
    assert version("faust-streaming").startswith("0.15.")


def test_faust_finds_the_transport_by_its_url() -> None:
    assert by_url("throughline://") is Transport
    assert issubclass(Transport, base.Transport)


@pytest.mark.parametrize(
    ("owner", "name", "expected"),
    [
        (FaustConsumer, "getmany", ["self", "timeout"]),
        (FaustConsumer, "commit", ["self", "topics", "start_new_transaction"]),
        (FaustConsumer, "ack", ["self", "message"]),
        (FaustConsumer, "perform_seek", ["self"]),
        (FaustConsumer, "_add_gap", ["self", "tp", "offset_from", "offset_to"]),
        (FaustConsumer, "on_buffer_full", ["self", "tp"]),
        (FaustConsumer, "on_buffer_drop", ["self", "tp"]),
        (FaustConsumer, "on_stop", ["self"]),
        (FaustConsumer, "on_partitions_revoked", ["self", "revoked"]),
        (FaustConsumer, "on_partitions_assigned", ["self", "assigned", "generation_id"]),
        (FaustConsumer, "_drain_messages", ["self", "fetcher"]),
        (FaustApp, "on_rebalance_start", ["self"]),
        (FaustApp, "_create_directories", ["self"]),
        (base.Transport, "__init__", ["self", "url", "app", "loop"]),
        (base.Transport, "create_consumer", ["self", "callback", "kwargs"]),
    ],
)
def test_what_is_overridden_or_called_is_still_so(owner: type, name: str, expected: list[str]) -> None:
    assert parameters(getattr(owner, name)) == expected


def test_every_abstract_method_has_an_answer() -> None:
    assert not inspect.isabstract(Consumer)


def test_the_fetcher_takes_messages_as_we_hand_them() -> None:
    source = inspect.getsource(FaustConsumer._drain_messages)
    for needed in ("getmany(timeout=1.0)", "callback(message)", "_read_offset", "self.suspend_flow.wait()"):
        assert needed in source
    assert "consumer._drain_messages(self)" in inspect.getsource(Fetcher._fetcher.fun)


@pytest.mark.parametrize(
    "name", ["flow_active", "_read_offset", "_unacked_messages", "can_resume_flow", "suspend_flow"]
)
def test_the_state_that_is_used_is_there(name: str) -> None:
    assert name in inspect.getsource(FaustConsumer)


@pytest.mark.parametrize("name", ["rebalancing", "consumer_generation_id", "_fetcher", "flow_control"])
def test_the_app_has_what_is_used(name: str) -> None:
    assert hasattr(FaustApp, name)


def test_a_message_carries_any_value() -> None:
    run = object()
    message = ConsumerMessage("t", 0, 1, 1.0, 1, None, None, run, None, 0, 0, TP("t", 0), generation_id=3)  # type: ignore[arg-type]  # as the transport does
    assert (message.value, message.generation_id, message.acked) == (run, 3, False)


def test_the_settings_are_known() -> None:
    app = faust.App(
        "t", broker="throughline://", web_enabled=False, topic_allow_declare=False, topic_disable_leader=True,
        store="memory://", autodiscover=False, stream_wait_empty=False,
    )  # fmt: skip
    assert not app.conf.web_enabled
    assert not app.conf.stream_wait_empty
    assert app.conf.topic_disable_leader
