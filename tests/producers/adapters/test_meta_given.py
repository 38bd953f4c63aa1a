"""What customers give of themselves in messages, and what is somebody else's."""

import pytest

from tests.producers.adapters.test_meta import PAGE, PSID, drafts, event, messaging, whatsapp


@pytest.mark.parametrize(
    ("text", "payload", "given"),
    [
        ("a@b.cd", "a@b.cd", ("email", "a@b.cd")),
        ("+14158675310", "+14158675310", ("phone", "+14158675310")),
        ("Yes", "a@b.cd", None),
        ("Yes", "Yes", None),
        ("4158675310", "4158675310", None),
    ],
)
def test_what_a_person_gives_by_a_quick_reply(text: str, payload: str, given: tuple[str, str] | None) -> None:
    message = {"mid": "m1", "text": text, "quick_reply": {"payload": payload}}
    (mine,) = drafts(messaging(event(message=message)))
    assert mine.identifiers == [("facebook_id", PSID), *filter(None, [given])]
    (echo,) = drafts(messaging(event(message=message | {"is_echo": True}, sender={"id": PAGE}, recipient={"id": PSID})))
    assert echo.identifiers == [("facebook_id", PSID)]


@pytest.mark.parametrize("response", [None, 5, "", "[]", "junk", '{"email": 5}', "[" * 5000])
def test_a_flow_reply_that_cannot_be_read_names_nobody_else(response: object) -> None:
    reply = {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": response}}
    message = {"from": "14158675310", "id": "wamid.1", "timestamp": "1749416383", "type": "interactive",
               "interactive": reply}  # fmt: skip
    (made,) = drafts(whatsapp(messages=[message]))
    assert made.identifiers == [("whatsapp_id", "14158675310"), ("phone", "+14158675310")]


def test_a_shared_contact_is_somebody_else() -> None:
    contact = {"name": {"formatted_name": "Bob"}, "phones": [{"phone": "+1 555 123 4567", "wa_id": "15551234567"}]}
    message = {"from": "14158675310", "id": "wamid.1", "timestamp": "1749416383", "type": "contacts",
               "contacts": [contact]}  # fmt: skip
    (made,) = drafts(whatsapp(messages=[message]))
    assert {value for _, value in made.identifiers} == {"14158675310", "+14158675310"}
