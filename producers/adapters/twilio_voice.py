"""Twilio Voice: what becomes of calls, their recordings and their transcriptions, as Twilio calls back.

Formats: Twilio's pages "TwiML Voice Request" (the parameters of every request), "TwiML Voice: Number", "Client" and
"Call resource" (status callbacks), "Recording", "Record" and "Transcription" (theirs), "Conference" (its events).
"""

import re
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, Final

import orjson
from pydantic import Field, SecretStr, field_validator

from producers.contract import Adapter, Bad, Delivery, Draft, Refused, Reply, SourceConfig
from producers.dialects.dates import instant
from producers.dialects.named import named
from producers.dialects.twilio_request import is_signed, parameters
from producers.json_text import write
from schemas.fates import Fault, Reason
from schemas.interaction import MAX_NUMBER, MAX_VALUE, Direction

_Said = dict[str, Any]  # a callback's parameters; values are text, save in JSON bodies
_PHONE: Final = re.compile(r"(?:whatsapp:)?(\+?[0-9]{3,20})", re.ASCII)
_WITHHELD: Final = frozenset(  # Twilio spells ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE on a keypad
    {"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"}
)
_CIRCUMSTANCES: Final = {"AccountSid": "account", "ApiVersion": "api_version", "CallbackSource": "callback_source"}
_CREDENTIALS: Final = frozenset({"CallToken"})  # lets its holder place a call with the customer's number


class TwilioVoiceConfig(SourceConfig):
    """Keys of a source."""

    auth_token: Annotated[SecretStr, Field(min_length=1, description="the account's primary Auth Token")]
    own_numbers: Annotated[
        tuple[str, ...], Field(description="our and our agents' numbers, where a leg has a number at both ends")
    ] = ()
    link_calls: Annotated[
        bool, Field(description="recordings and transcriptions come without saying whose: tie each call to its caller")
    ] = False

    @field_validator("own_numbers", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class TwilioVoice(Adapter[TwilioVoiceConfig]):
    """Each callback is one interaction of type `call`."""

    name = "twilio_voice"
    channels = frozenset({"call_center"})
    takes_get = True
    Config = TwilioVoiceConfig

    def verify(self, delivery: Delivery) -> Refused | None:
        """By X-Twilio-Signature; Twilio signs no time, so a copy is known by its id alone."""
        if not delivery.headers.get("x-twilio-signature"):
            return Refused(
                "signature_missing", "the header X-Twilio-Signature is missing", "let Twilio alone call this URL"
            )
        try:
            if is_signed(delivery, self.config.auth_token.get_secret_value().encode()):
                return None
        except ValueError as error:
            return Refused("malformed", str(error), "send what Twilio sends")
        return Refused(
            "signature_wrong",
            "X-Twilio-Signature does not match",
            "set auth_token to the account's primary Auth Token, and http.public_url to what Twilio calls",
        )

    def decode(self, delivery: Delivery) -> Iterator[Draft | Bad]:
        """One draft for a form or a JSON object, one for each member of a JSON array."""
        try:
            callbacks = parameters(delivery)
        except ValueError as error:
            yield Bad(Fault(Reason.UNDECODABLE, f"neither a form nor JSON: {error}"), delivery.whole)
            return
        for number, said in enumerate(callbacks):
            path = f"[{number}]." if len(callbacks) > 1 else ""
            if isinstance(said, dict) and (_word(said, "CallSid") or _word(said, "ConferenceSid")):
                draft = _draft(said, delivery, self.config)
                draft.alone = partial(write, said) if path else None
                yield draft
            else:
                body = write(said) if path else delivery.whole
                yield Bad(Fault(Reason.UNDECODABLE, "no callback of a call: no CallSid", f"{path}CallSid"), body)

    def reply(self) -> Reply:
        """An empty TwiML document: for JSON Twilio logs error 12300 where it looks for instructions."""
        return Reply(200, b'<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml; charset=utf-8")


def _draft(said: _Said, delivery: Delivery, config: TwilioVoiceConfig) -> Draft:
    call, (name, message_id) = _word(said, "CallSid"), _event(said)
    customer, other, direction = _sides(said, config.own_numbers)
    identifiers = [*filter(None, [_identifier(customer)]), *named(said)]
    if config.link_calls or not identifiers:  # it names a call, not a person
        identifiers.append(("call_id", call))
    draft = Draft(
        "call_center",
        "call",
        message_id,
        None,
        [pair for pair in identifiers if pair[1]],
        name=name or None,
        direction=direction,
        conversation=_word(said, "ParentCallSid") or call or _word(said, "ConferenceSid"),
        agent=_agent(other),
        properties={key: value for key, value in said.items() if key not in _CREDENTIALS and value not in ("", None)},
    )
    draft.context = {member: draft.properties.pop(key) for key, member in _CIRCUMSTANCES.items() if said.get(key)}
    if message_id and (token := delivery.headers.get("i-twilio-idempotency-token")):
        draft.context["idempotency_token"] = token  # not without an id: then the content with its context is the id
    _place_in_time(draft)
    _name_the_caller(draft)
    _write_down(draft)
    return draft


def _word(said: _Said, key: str) -> str:
    value = said.get(key)
    return value.strip() if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""


def _event(said: _Said) -> tuple[str, str | None]:
    """The event's name, and an id that Twilio's retries share and other events do not have.

    A request without a sequence number (a Gather's, a Dial's action) may come many times in one status: its id is its
    content.
    """
    transcription, recording = _word(said, "TranscriptionSid"), _word(said, "RecordingSid")
    if transcription:
        event = _word(said, "TranscriptionEvent") or _word(said, "TranscriptionStatus")
        return "transcription", ":".join(filter(None, (transcription, event, _word(said, "SequenceId"))))
    if recording and (status := _word(said, "RecordingStatus")):
        return "recording", f"{recording}:{status}"
    sid, name = _word(said, "CallSid"), _word(said, "CallStatus")
    if event := _word(said, "StatusCallbackEvent"):
        sid, name = _word(said, "ConferenceSid"), event
    sequence = _word(said, "SequenceNumber")
    return name, f"{sid}:{name}:{sequence}" if sid and name and sequence else None


def _sides(said: _Said, own: tuple[str, ...]) -> tuple[str, str, Direction | None]:
    """The customer's end of the leg, the other end, and who called whom.

    A leg's own direction is Twilio's view: an agent's browser calls in, and a call goes out to the agent who takes it.
    So the end that is ours tells (a client, a SIP address, one of our numbers, the caller where the REST API dialled);
    only where neither or both are ours, the direction does.
    """
    caller = _word(said, "From") or _word(said, "Caller")
    called = _word(said, "To") or _word(said, "Called")
    stated = _word(said, "Direction")
    if not caller and not called:
        return "", "", None
    from_us, to_us = stated == "outbound-api" or _is_ours(caller, own), _is_ours(called, own)
    outbound = from_us if from_us != to_us else stated.startswith("outbound")
    return (called, caller, "outbound") if outbound else (caller, called, "inbound")


def _is_ours(address: str, own: tuple[str, ...]) -> bool:
    return address.startswith(("client:", "sip:", "sips:")) or address in own


def _identifier(address: str) -> tuple[str, str] | None:
    """Kind and value of one end; None for a withheld number and what is no address."""
    scheme, _, rest = address.partition(":")
    if len(address) > MAX_VALUE:
        return None
    if scheme == "client":
        return "twilio_client", rest
    if scheme in {"sip", "sips"}:
        return "sip", rest.partition(";")[0].lower()
    phone = _PHONE.fullmatch(address)
    return ("phone", phone[1]) if phone and phone[1] not in _WITHHELD else None


def _agent(address: str) -> str | None:
    identifier = _identifier(address)
    return identifier[1] or None if identifier else None


def _place_in_time(draft: Draft) -> None:
    """When it happened and how long it took; what cannot be read stays where it was."""
    said = draft.properties
    draft.occurred_at = instant(_word(said, "Timestamp"))
    stamp = said.pop("Timestamp", None)
    if draft.occurred_at is None and stamp is not None:
        draft.context["timestamp"] = stamp
    if draft.occurred_at is None and draft.name == "recording":
        draft.occurred_at = instant(_word(said, "RecordingStartTime"))
    key = "RecordingDuration" if draft.name == "recording" else "CallDuration"
    draft.duration_s = _seconds(_word(said, key))
    if draft.duration_s is not None:
        del said[key]


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 <= seconds <= MAX_NUMBER else None


def _name_the_caller(draft: Draft) -> None:
    """CallerName is what the network says of the caller: the customer's name where a customer calls who is known."""
    known = any(kind != "call_id" for kind, _ in draft.identifiers)
    if known and draft.direction == "inbound" and _word(draft.properties, "CallerName"):
        draft.traits["name"] = draft.properties.pop("CallerName")


def _write_down(draft: Draft) -> None:
    """What was spoken, as far as Twilio turned it into text."""
    said = draft.properties
    for key in ("TranscriptionText", "SpeechResult"):
        if isinstance(said.get(key), str):
            draft.text = said.pop(key)
            return
    try:
        data = orjson.loads(_word(said, "TranscriptionData"))
    except orjson.JSONDecodeError:
        return
    if isinstance(data, dict) and isinstance(data.get("transcript"), str):
        draft.text = data.pop("transcript")
        said["TranscriptionData"] = data
