"""The adapters' pages: every configuration in them can be used as it stands, and what they send is believed."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from producers.contract import Delivery, Draft
from producers.sources import build
from schemas.settings import Settings
from tests.docs.blocks import ROOT, blocks

PAGES = sorted((ROOT / "docs/adapters").glob("*.md"))


WHOLE = [page for page in PAGES if "..." not in "".join(blocks(page, "toml"))]  # no key is cut short


@pytest.mark.parametrize("page", WHOLE, ids=[page.stem for page in WHOLE])
def test_the_configuration_of_the_page_can_be_used(page: Path) -> None:
    settings = Settings.model_validate(tomllib.loads("\n".join(blocks(page, "toml"))))
    sources = build(settings)
    assert {source.origin.adapter for source in sources.values()} == {page.stem}


def test_what_the_webhook_page_sends_is_an_interaction() -> None:
    (page,) = [page for page in PAGES if page.stem == "webhook"]
    (source,) = build(Settings.model_validate(tomllib.loads(blocks(page, "toml")[0]))).values()
    said: dict[str, object] = {}
    exec(blocks(page, "python")[0], said)  # the page's own code
    headers, body = said["headers"], said["body"]
    assert isinstance(headers, dict)
    assert isinstance(body, str)
    delivery = Delivery("POST", "/sources/tickets", "", headers, body.encode(), datetime.now(UTC))
    assert source.adapter.verify(delivery) is None
    (draft,) = source.adapter.decode(delivery)
    assert isinstance(draft, Draft)
    assert (draft.message_id, draft.type, draft.text) == ("msg_8f3a", "message", "Where is my order?")
