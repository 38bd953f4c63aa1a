import asyncio
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import SecretStr

from producers import receipts
from producers.adapters.segment import Segment, SegmentConfig
from producers.intake.http import HttpIntake
from producers.receipts import Receipts, Recent, UnavailableError
from producers.seal import Origin
from producers.sources import Source
from schemas.settings import HttpSettings
from tests.producers.doubles import KeptPublisher, acceptor, metrics
from tests.producers.intake.test_http import TRACK, is_flat_error

STORED = {"status": "stored", "source": "web", "profile_id": "p", "duplicates": [], "rejected": []}


def segment(tenant: str, name: str) -> Source:
    return Source(Origin(tenant, name, "segment"), Segment(SegmentConfig(write_key=SecretStr(f"wk-{name}"))))


class House:
    """The application with three sources of two tenants, over a store that a test fills."""

    def __init__(self, *, knows_store: bool = True) -> None:
        self.store: dict[tuple[str, UUID], Mapping[str, Any]] = {}
        self.failure: Exception | None = None
        self.gate: threading.Event | None = None
        accepts = acceptor(KeptPublisher())
        self.receipts = Receipts(accepts.recent, self.read if knows_store else None)
        sources = {s.name: s for s in (segment("acme", "web"), segment("acme", "app"), segment("other", "theirs"))}
        app = HttpIntake(sources, accepts, HttpSettings(), metrics(), list, receipts=self.receipts)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://intake.example")

    def read(self, tenant: str, event_id: UUID) -> Mapping[str, Any] | None:
        if self.gate is not None:
            self.gate.wait(30)
        if self.failure is not None:
            raise self.failure
        return self.store.get((tenant, event_id))

    async def ask(self, event_id: object, key: str = "wk-web") -> httpx.Response:
        return await self.http.get(f"/v1/receipts/{event_id}", auth=(key, ""))

    async def send(self, **members: object) -> str:
        answer = await self.http.post("/v1/track", json=TRACK | members, auth=("wk-web", ""))
        return str(answer.json()["receipts"][0]["event_id"])


@pytest.fixture
def house() -> Iterator[House]:
    one = House()
    yield one
    if one.gate is not None:
        one.gate.set()
    one.receipts.close()


async def test_what_was_just_accepted_is_told_before_it_is_stored_and_then_as_stored(house: House) -> None:
    event_id = await house.send()
    answer = await house.ask(event_id)
    assert answer.status_code == 200
    told = {"event_id": event_id, "message_id": "m1", "status": "accepted", "source": "web", "of_this_source": True}
    assert answer.json() == {"success": True, "receipt": told}
    assert answer.headers["access-control-allow-origin"] == "*"
    house.store["acme", UUID(event_id)] = STORED
    assert (await house.ask(event_id)).json()["receipt"]["status"] == "stored"


async def test_another_source_of_the_tenant_is_told_so_and_another_tenant_nothing(house: House) -> None:
    event_id = await house.send()
    house.store["acme", UUID(event_id)] = STORED
    assert (await house.ask(event_id, "wk-app")).json()["receipt"]["of_this_source"] is False
    answer = await house.ask(event_id, "wk-theirs")
    assert answer.status_code == 404
    assert is_flat_error(answer, "receipt_unknown")
    house.store.clear()
    assert (await house.ask(event_id, "wk-theirs")).status_code == 404


@pytest.mark.parametrize(
    ("event_id", "key", "status", "code"),
    [
        (uuid4(), "wk-web", 404, "receipt_unknown"),
        ("no-id", "wk-web", 400, "malformed"),
        (uuid4(), "wrong", 401, "key_wrong"),
        (uuid4(), "", 401, "key_missing"),
    ],
)
async def test_what_is_not_told(house: House, event_id: object, key: str, status: int, code: str) -> None:
    answer = await house.ask(event_id, key)
    assert answer.status_code == status
    assert is_flat_error(answer, code)


async def test_browsers_may_ask(house: House) -> None:
    url = f"/v1/receipts/{uuid4()}"
    preflight = await house.http.options(url, headers={"access-control-request-headers": "authorization"})
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-methods"] == "GET, OPTIONS"
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    posted = await house.http.post(url, auth=("wk-web", ""))
    assert (posted.status_code, posted.headers["allow"]) == (405, "GET, OPTIONS")


async def test_a_store_that_cannot_be_asked_is_503_and_holds_up_no_delivery(house: House) -> None:
    house.failure = UnavailableError("ClickHouse is away")
    answer = await house.ask(uuid4())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert is_flat_error(answer, "receipts_unavailable")
    assert await house.send()


async def test_a_slow_store_is_not_waited_for_and_too_many_questions_are_turned_away(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "PATIENCE_S", 0.2)
    monkeypatch.setattr(receipts, "WAITING", 6)
    house.gate = threading.Event()
    answers = await asyncio.gather(*(house.ask(uuid4()) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {503}
    said = [answer.json()["message"] for answer in answers]
    assert said.count("ClickHouse did not answer in time") == 6
    assert said.count("too many receipts are being asked for") == 4
    assert await house.send()
    house.gate.set()
    house.gate = None
    async with asyncio.timeout(30):
        while (await house.ask(uuid4())).status_code != 404:
            await asyncio.sleep(0.01)


async def test_a_process_that_knows_no_store_tells_what_it_accepted_itself() -> None:
    house = House(knows_store=False)
    assert (await house.ask(await house.send())).json()["receipt"]["status"] == "accepted"
    assert (await house.ask(uuid4())).status_code == 503
    house.receipts.close()


def test_the_oldest_receipts_are_forgotten() -> None:
    recent, origin, ids = Recent(most=4), Origin("acme", "web", "segment"), [uuid4() for _ in range(5)]
    for event_id in ids:
        recent.add(origin, [{"event_id": str(event_id), "message_id": None, "status": "accepted"}])
    assert [recent.find("acme", event_id) is not None for event_id in ids] == [False, False, True, True, True]
