"""The suite finds what it is there to find: each fault is planted in an adapter that otherwise conforms."""

import hmac
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import orjson
import pytest
from pydantic import Field, SecretStr

from producers.conformance.suite import Finding, examine
from producers.contract import Adapter, Bad, Delivery, Draft, Refused, SourceConfig
from schemas.fates import Fault, Reason

BODY = b'{"id":"m1","user":"u1","text":"hello"}'
KEY = "correct horse"


class SoundConfig(SourceConfig):
    secret: Annotated[SecretStr, Field(min_length=8)]


class Sound(Adapter[SoundConfig]):
    """Conforms; each test spoils one thing in a subclass."""

    name = "sound"
    channels = frozenset({"chat"})
    Config = SoundConfig

    def verify(self, delivery: Delivery) -> Refused | None:
        key = self.config.secret.get_secret_value().encode()
        wanted = hmac.new(key, delivery.body, sha256).hexdigest().encode()
        given = delivery.headers.get("x-signature", "").encode(errors="replace")
        if hmac.compare_digest(wanted, given):
            return None
        return Refused("signature_wrong", "the signature is wrong", "check the secret")

    def decode(self, delivery: Delivery) -> Iterator[Draft | Bad]:
        try:
            document = orjson.loads(delivery.body)
            yield self.draft(delivery, document)
        except (ValueError, TypeError, KeyError) as error:
            yield Bad(Fault(Reason.UNDECODABLE, repr(error)), delivery.body)

    def draft(self, delivery: Delivery, document: dict[str, Any]) -> Draft:
        message_id, user, text = (str(document[name]) for name in ("id", "user", "text"))
        return Draft("chat", "message", message_id, None, [("user_id", user)], text=text)


def write(root: Path, case: str, headers: dict[str, str], **more: object) -> Path:
    folder = root / "sound" / case
    folder.mkdir(parents=True)
    delivery = {
        "config": {"secret": KEY},
        "headers": headers,
        "body": BODY.decode(),
        "received_at": "2026-01-01T00:00:00Z",
        "source": "made for this test",
    }
    (folder / "delivery.json").write_bytes(orjson.dumps(delivery | more))
    return folder / "expected.json"


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    signature = hmac.new(KEY.encode(), BODY, sha256).hexdigest()
    expected = write(tmp_path, "hello", {"X-Signature": signature})
    said = {
        "channel": "chat",
        "type": "message",
        "message_id": "m1",
        "identifiers": [["user_id", "u1"]],
        "text": "hello",
    }
    expected.write_bytes(orjson.dumps([said]))
    forged = write(tmp_path, "forged", {"X-Signature": "0" * 64})
    forged.write_bytes(b'{"refused":"signature_wrong"}')
    return tmp_path


def rules(findings: list[Finding]) -> set[str]:
    return {finding.rule for finding in findings}


def test_a_sound_adapter_conforms(golden: Path) -> None:
    assert examine(Sound, golden) == []


def test_an_adapter_without_cases_does_not_conform(tmp_path: Path) -> None:
    assert rules(examine(Sound, tmp_path)) == {"golden"}


def test_another_outcome_is_named_with_its_member(golden: Path) -> None:
    class Loud(Sound):
        def draft(self, delivery: Delivery, document: dict[str, Any]) -> Draft:
            draft = super().draft(delivery, document)
            draft.text = str(draft.text).upper()
            return draft

    (finding,) = examine(Loud, golden)
    assert finding.rule == "expected"
    assert "[0].text: 'HELLO' came, expected 'hello'" in str(finding)


def test_update_rewrites_what_is_expected(golden: Path) -> None:
    expected = golden / "sound" / "hello" / "expected.json"
    before = orjson.loads(expected.read_bytes())
    expected.unlink()
    assert rules(examine(Sound, golden)) == {"expected"}
    assert examine(Sound, golden, update=True) == []
    assert orjson.loads(expected.read_bytes()) == before


def test_a_scheme_that_covers_too_little_is_found(golden: Path) -> None:
    class Trusting(Sound):
        def verify(self, delivery: Delivery) -> Refused | None:
            given = delivery.headers.get("x-signature")
            return Refused("signature_wrong", "", "") if given in (None, "0" * 64) else None

    findings = examine(Trusting, golden)
    assert rules(findings) == {"forged"}
    assert any("body was flipped" in str(finding) for finding in findings)


def test_a_header_that_nobody_reads_proves_nothing(golden: Path) -> None:
    class Blind(Sound):
        def verify(self, delivery: Delivery) -> Refused | None:
            return Refused("signature_wrong", "", "") if delivery.headers.get("x-signature") == "0" * 64 else None

    assert any("whichever header is missing" in str(finding) for finding in examine(Blind, golden))


def test_an_adapter_must_have_a_forged_case(golden: Path) -> None:
    for file in (golden / "sound" / "forged").iterdir():
        file.unlink()
    assert rules(examine(Sound, golden)) == {"forged"}


def test_an_optional_or_empty_secret_is_found(golden: Path) -> None:
    class Optional(SourceConfig):
        secret: SecretStr = SecretStr("")

    class Open(Sound):
        Config = Optional  # type: ignore[assignment]  # the fault under test

    findings = examine(Open, golden)
    assert rules(findings) == {"secret"}
    assert len(findings) == 2


def test_a_clock_in_decode_is_found(golden: Path) -> None:
    class Restless(Sound):
        def draft(self, delivery: Delivery, document: dict[str, Any]) -> Draft:
            draft = super().draft(delivery, document)
            draft.message_id = delivery.received_at.isoformat()
            return draft

    assert "ids" in rules(examine(Restless, golden, update=True))


def test_a_crash_is_found_with_the_bytes_that_raise_it(golden: Path) -> None:
    class Brittle(Sound):
        def decode(self, delivery: Delivery) -> Iterator[Draft | Bad]:
            yield self.draft(delivery, orjson.loads(delivery.body))

    findings = examine(Brittle, golden)
    assert rules(findings) == {"raises"}
    assert "body b''" in str(findings[0])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda draft: setattr(draft, "identifiers", []),
        lambda draft: setattr(draft, "channel", "web"),
        lambda draft: setattr(draft, "type", "greeting"),
        lambda draft: setattr(draft, "properties", {"at": object()}),
    ],
)
def test_a_draft_that_is_no_interaction_is_found(golden: Path, spoil: Callable[[Draft], None]) -> None:
    class Spoilt(Sound):
        def draft(self, delivery: Delivery, document: dict[str, Any]) -> Draft:
            draft = super().draft(delivery, document)
            spoil(draft)
            return draft

    assert rules(examine(Spoilt, golden)) & {"seal", "raises"}


def test_a_case_may_say_that_its_item_is_rejected(golden: Path) -> None:
    class Anonymous(Sound):
        def draft(self, delivery: Delivery, document: dict[str, Any]) -> Draft:
            draft = super().draft(delivery, document)
            draft.identifiers = []
            return draft

    file = golden / "sound" / "hello" / "delivery.json"
    file.write_bytes(orjson.dumps(orjson.loads(file.read_bytes()) | {"rejects": ["identifier_missing"]}))
    assert examine(Anonymous, golden, update=True) == []
    expected = orjson.loads((file.parent / "expected.json").read_bytes())
    assert expected[0]["rejected"] == "identifier_missing"


def test_a_broken_case_is_a_finding(golden: Path) -> None:
    (golden / "sound" / "hello" / "delivery.json").write_text('{"bodi": ""}')
    assert rules(examine(Sound, golden)) == {"golden"}
