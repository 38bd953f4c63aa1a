"""Meta: what becomes what stands in tests/golden/meta; here are the rules that hold for all of it."""

import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from producers.adapters.meta import Meta, MetaConfig
from producers.conformance.golden import build, folders, load
from producers.contract import Bad, Delivery, Draft
from producers.seal import Origin, Sealed, seal

SECRET = "a secret"
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
PAGE, PSID = "682498302938465", "5094810093884718"
ADAPTER = Meta(MetaConfig.model_validate({"app_secret": SECRET, "verify_token": "token"}))
IMPLIED = {"page", "whatsapp_business_account", "whatsapp", "messages", "messaging_postbacks", "smb_message_echoes"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=3),
    max_leaves=8,
)


def delivery(body: bytes) -> Delivery:
    signature = "sha256=" + hmac.new(SECRET.encode(), body, "sha256").hexdigest()
    return Delivery("POST", "/sources/meta", "", {"x-hub-signature-256": signature}, body, NOW)


def decoded(document: object) -> list[Draft | Bad]:
    return list(ADAPTER.decode(delivery(json.dumps(document).encode())))


def drafts(document: object) -> list[Draft]:
    items = decoded(document)
    assert all(isinstance(item, Draft) for item in items), items
    return [item for item in items if isinstance(item, Draft)]


def messaging(*events: object, time: int = 1458692752999, name: str = "messaging") -> dict[str, Any]:
    return {"object": "page", "entry": [{"id": PAGE, "time": time, name: [*events]}]}


def event(**kind: object) -> dict[str, Any]:
    return {"sender": {"id": PSID}, "recipient": {"id": PAGE}, "timestamp": 1458692752478, **kind}


def feed(**value: object) -> dict[str, Any]:
    return messaging({"field": "feed", "value": {"from": {"id": PSID}, **value}}, name="changes")


def whatsapp(**value: object) -> dict[str, Any]:
    around = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": "106", "display_phone_number": "1555"}}
    changes = [{"field": "messages", "value": around | value}]
    return {"object": "whatsapp_business_account", "entry": [{"id": "102", "changes": changes}]}


def fate(item: Draft | Bad) -> tuple[str, str]:
    """The event id and, behind it, the fingerprint: what the processor sees."""
    assert isinstance(item, Draft), item
    sealed = seal(item, Origin("default", "meta", "meta"), NOW, 256 << 10)
    assert isinstance(sealed, Sealed), sealed
    return str(sealed.event_id), orjson.loads(sealed.value)["fingerprint"]


@pytest.mark.parametrize("config", [{}, {"app_secret": "x"}, {"app_secret": "", "verify_token": "x"}])
def test_a_source_without_its_secrets_cannot_be_built(config: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=r"app_secret|verify_token"):
        MetaConfig.model_validate(config)


def test_the_secrets_are_not_shown() -> None:
    assert SECRET not in repr(ADAPTER.config)


@given(st.binary())
def test_no_bytes_raise(body: bytes) -> None:
    items = list(ADAPTER.decode(delivery(body)))
    assert items
    assert all(isinstance(item, Bad) and item.body == body for item in items)


@given(st.sampled_from(["page", "instagram", "whatsapp_business_account"]), JSON, st.data())
def test_no_json_raises_wherever_it_stands(product: str, value: object, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["messaging", "standby", "changes"]))
    kind = data.draw(st.sampled_from(["message", "read", "delivery", "reaction", "postback", "id", "sender", "value"]))
    field = data.draw(st.sampled_from(["feed", "comments", "messages", "mention", "ratings"]))
    inner = {"from": value, "messages": [{"type": "text", "from": "1555123", "text": value, "id": value}, value]}
    shapes = [
        value,
        [value],
        [event() | {kind: value}],
        [{"field": field, "value": value}],
        [{"field": field, "value": {**inner, "statuses": [value, {"status": "read"}], "contacts": value}}],
    ]
    entry = {"id": data.draw(st.sampled_from([PAGE, 1, None])), name: data.draw(st.sampled_from(shapes))}
    for item in decoded({"object": product, "entry": data.draw(st.sampled_from([[entry], [entry, value], value]))}):
        if isinstance(item, Draft):
            seal(item, Origin("default", "meta", "meta"), NOW, 256 << 10)


def leaves(value: object) -> list[str]:
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in leaves(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in leaves(part)]
    return [] if value is None else [str(value)]


def test_nothing_that_was_said_is_dropped(golden: Path) -> None:
    """Every value of every recorded delivery is in a draft, or in a bad item; times change their form."""
    for folder in folders(golden, "meta"):
        case = load(folder)
        if build(Meta, case.config).verify(case.delivery) is not None or case.name == "not_json":
            continue
        items = list(ADAPTER.decode(case.delivery))
        kept = "\n".join(
            item.body.decode() if isinstance(item, Bad) else orjson.dumps(_plain(item)).decode() for item in items
        )
        for leaf in leaves(orjson.loads(case.delivery.body)):
            is_moved = leaf in IMPLIED
            is_time = leaf.isdecimal() and len(leaf) in (10, 13)
            written = orjson.dumps(leaf).decode()[1:-1]
            assert is_moved or is_time or written in kept or leaf.lower() in kept, (case.name, leaf)


def _plain(draft: Draft) -> dict[str, Any]:
    names = ("type", "name", "message_id", "identifiers", "traits", "text", "conversation", "properties", "context")
    return {name: getattr(draft, name) for name in names}


@given(st.integers(0, 4), st.sampled_from([None, 7, "x", [], {}, {"message": []}, {"message": {}, "sender": 1}]))
def test_one_bad_item_is_rejected_alone(at: int, bad: object) -> None:
    good = [event(message={"mid": f"m{number}", "text": "hi"}) for number in range(4)]
    items = decoded(messaging(*good[:at], bad, *good[at:]))
    assert [item.message_id for item in items if isinstance(item, Draft)] == ["m0", "m1", "m2", "m3"]
    (rejected,) = (item for item in items if isinstance(item, Bad))
    assert rejected.fault.path.startswith(f"entry[0].messaging[{at}]")
    again = list(ADAPTER.decode(delivery(rejected.body)))  # it can be decoded by itself, with the same verdict
    assert [item.fault.reason for item in again if isinstance(item, Bad)] == [rejected.fault.reason]


@pytest.mark.parametrize(
    "said",
    [
        {"message": {"mid": "m1", "text": "hi"}},
        {"read": {"watermark": 1458668856253}},
        {"delivery": {"mids": ["m1"], "watermark": 1458668856253}},
        {"reaction": {"mid": "m1", "action": "react", "emoji": "x"}},
        {"optin": {"type": "notification_messages"}},
    ],
)
def test_retries_are_copies_even_in_another_batch(said: dict[str, Any]) -> None:
    (first,) = decoded(messaging(event(**said)))
    other = event(message={"mid": "other", "text": "hi"})
    _, again = decoded(messaging(other, event(**said), time=1458692799999))
    (elsewhere,) = decoded(messaging(event(**said), name="standby"))
    assert fate(first) == fate(again) == fate(elsewhere)


def test_comments_are_copies_even_when_their_post_has_moved_on() -> None:
    comment = {"item": "comment", "verb": "add", "comment_id": "4_5", "message": "hi", "post_id": "4"}
    (first,) = decoded(feed(**comment, post={"updated_time": "2018-03-08T21:33:36+0000"}))
    (again,) = decoded(feed(**comment, post={"updated_time": "2018-03-09T21:33:36+0000"}))
    assert fate(first) == fate(again)
    edits = [drafts(feed(**comment | {"verb": "edited", "message": text}))[0].message_id for text in ("a", "b", "a")]
    assert edits[0] == edits[2] != edits[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"message": {"mid": "m1", "text": "hi"}}, {"message": {"mid": "m1", "is_deleted": True}}),
        ({"message": {"mid": "m1", "text": "hi"}}, {"message_edit": {"mid": "m1", "text": "ho", "num_edit": 1}}),
        ({"message": {"mid": "m1", "text": "hi"}}, {"reaction": {"mid": "m1", "action": "react"}}),
        ({"message_edit": {"mid": "m1", "num_edit": 1}}, {"message_edit": {"mid": "m1", "num_edit": 2}}),
        ({"read": {"watermark": 1458668856253}}, {"read": {"watermark": 1458668856254}}),
        ({"read": {"watermark": 1458668856253}}, {"delivery": {"watermark": 1458668856253}}),
        ({"read": {"mid": "m1"}}, {"read": {"mid": "m2"}}),
        (
            {"delivery": {"watermark": 1458668856253, "mids": ["a"]}},
            {"delivery": {"watermark": 1458668856253, "mids": ["b"]}},
        ),
    ],
)
def test_other_events_have_other_ids(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = decoded(messaging(event(**one), event(**other)))
    assert fate(first)[0] != fate(second)[0]


def test_the_same_watermark_on_another_page_is_another_read() -> None:
    there = {"sender": {"id": PSID}, "recipient": {"id": "99"}, "read": {"watermark": 1}}
    first, second = decoded(messaging(event(read={"watermark": 1}), there))
    assert fate(first)[0] != fate(second)[0]


def test_an_echo_is_outbound_and_belongs_to_its_recipient() -> None:
    echo = {"sender": {"id": PAGE}, "recipient": {"id": PSID}, "timestamp": 1458692752478}
    marked, unmarked = drafts(
        messaging(echo | {"message": {"mid": "a", "is_echo": True}}, echo | {"message": {"mid": "b"}})
    )
    for draft in (marked, unmarked):
        assert (draft.direction, draft.identifiers) == ("outbound", [("facebook_id", PSID)])
        assert draft.conversation == f"messenger:{PAGE}:{PSID}"


def test_a_thread_has_one_conversation_whatever_happens_in_it() -> None:
    said: list[dict[str, Any]] = [{"message": {"mid": "a"}}, {"read": {"watermark": 1}}, {"delivery": {"watermark": 1}}]
    assert len({draft.conversation for draft in drafts(messaging(*(event(**one) for one in said)))}) == 1
    message = {
        "from": "16505551234",
        "id": "wamid.1",
        "timestamp": "1749416383",
        "type": "text",
        "text": {"body": "hi"},
    }
    status = {"id": "wamid.2", "status": "read", "timestamp": "1749416384", "recipient_id": "16505551234"}
    both = drafts(whatsapp(messages=[message], statuses=[status]))
    assert {draft.conversation for draft in both} == {"whatsapp:106:16505551234"}


def test_a_postback_with_a_referral_is_a_postback() -> None:
    (draft,) = drafts(messaging(event(referral={"ref": "x"}, postback={"mid": "p", "title": "Go", "payload": "GO"})))
    assert (draft.name, draft.text, draft.message_id) == ("postback", "Go", "p")
    assert draft.properties["referral"] == {"ref": "x"}


def test_a_profile_is_never_given_to_another_customer() -> None:
    contacts = [{"profile": {"name": "Ada"}, "wa_id": "16505551234"}]
    messages = [
        {"from": number, "id": f"wamid.{number}", "timestamp": "1749416383", "type": "text", "text": {"body": "hi"}}
        for number in ("16505551234", "442071234567")
    ]
    ada, stranger = drafts(whatsapp(contacts=contacts, messages=messages))
    assert ada.traits == {"name": "Ada"}
    assert stranger.traits == {}
    assert stranger.identifiers == [("whatsapp_id", "442071234567"), ("phone", "+442071234567")]


def test_both_forms_of_a_number_are_one_customer() -> None:
    contacts = [{"profile": {"name": "Bia"}, "wa_id": "551187654321", "user_id": "BR.1502576394655843"}]
    message = {"from": "5511987654321", "id": "wamid.1", "timestamp": "1749416383", "type": "text"}
    (draft,) = drafts(whatsapp(contacts=contacts, messages=[message]))
    assert draft.identifiers == [
        ("whatsapp_id", "551187654321"),
        ("phone", "+551187654321"),
        ("whatsapp_user_id", "BR.1502576394655843"),
        ("whatsapp_id", "5511987654321"),
        ("phone", "+5511987654321"),
    ]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([{"quantity": 3, "item_price": 0.1, "currency": "USD"}], (0.3, "USD")),
        ([{"quantity": "2", "item_price": "1.5", "currency": "EUR"}] * 2, (6.0, "EUR")),
        ([], (None, None)),
        ([{"quantity": 1, "item_price": 1, "currency": c} for c in ("USD", "EUR")], (None, None)),
        ([{"quantity": 1, "item_price": 1, "currency": "dollars"}], (None, None)),
        ([{"quantity": 1, "item_price": "nan", "currency": "USD"}], (None, None)),
        ([{"quantity": 10**300, "item_price": 10**300, "currency": "USD"}], (None, None)),
        ([{"quantity": 1, "item_price": [], "currency": []}], (None, None)),
        ("two of those", (None, None)),
    ],
)
def test_an_order_has_a_total_where_it_can_be_told(items: object, expected: tuple[float | None, str | None]) -> None:
    message = {"from": "16505551234", "id": "wamid.1", "type": "order", "order": {"product_items": items}}
    (draft,) = drafts(whatsapp(messages=[message]))
    assert (draft.amount, draft.currency) == expected


@pytest.mark.parametrize("entry", [[], [{}], [{"id": "1", "messaging": []}], None, "x", [{"id": "1", "changes": [{}]}]])
def test_a_delivery_without_events_is_kept_whole(entry: object) -> None:
    document = {"object": "page", "entry": entry}
    (bad,) = decoded(document)
    assert isinstance(bad, Bad)
    assert orjson.loads(bad.body) == document
