"""Meta: webhooks of Messenger, Instagram and the WhatsApp Cloud API, signed with the app's secret.

A delivery is a batch: entries, one an account, and in them messaging events (`messaging`, or `standby` where another
app holds the conversation) or changes of fields (`changes`), in which WhatsApp has lists of its own. Every event is
read alone; what is not known is kept in `rejected`, as a delivery that holds nothing else.

Formats, all on developers.facebook.com: docs/graph-api/webhooks/getting-started (signature, challenge);
documentation/business-messaging/messenger-platform/webhooks/webhook-events; docs/graph-api/webhooks/reference/page;
documentation/instagram-platform/webhooks/examples; documentation/business-messaging/whatsapp/webhooks/reference.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from pydantic import Field, SecretStr

from producers.contract import Adapter, Bad, Delivery, Draft, Refused, Reply, SourceConfig
from producers.dialects.hub import challenged, signed
from producers.dialects.meta import whatsapp
from producers.dialects.meta.events import Event, events_of
from producers.dialects.meta.feed import feed
from producers.dialects.meta.messaging import messaging
from producers.dialects.reading import ItemError, drafted, loaded, take_time
from schemas.fates import Reason
from schemas.interaction import Channel, Open

_READERS: Final[dict[str, Callable[[Event, Open], Draft]]] = {
    "messaging": messaging, "standby": messaging, "changes": feed, "messages": whatsapp.message,
    "message_echoes": whatsapp.message, "statuses": whatsapp.status,
}  # fmt: skip


class MetaConfig(SourceConfig):
    """The app's own keys, from the App Dashboard."""

    app_secret: SecretStr = Field(min_length=1, description="App settings > Basic > App secret: signs every delivery")
    verify_token: SecretStr = Field(
        min_length=1, description="a text of your choice: the form for webhooks asks for it"
    )


class Meta(Adapter[MetaConfig]):
    """Messenger, Instagram and WhatsApp."""

    name = "meta"
    channels = frozenset[Channel]({"social"})
    Config = MetaConfig

    def verify(self, delivery: Delivery) -> Refused | None:
        """X-Hub-Signature-256, keyed with the app's secret."""
        return signed(delivery, self.config.app_secret.get_secret_value(), "set app_secret to the app's App secret")

    def handshake(self, delivery: Delivery) -> Reply | None:
        """The challenge, to whoever knows the verify token."""
        return challenged(delivery, self.config.verify_token.get_secret_value())

    def decode(self, delivery: Delivery) -> Iterator[Draft | Bad]:
        """One draft an event; docs/adapters/meta.md says what becomes what."""
        if isinstance(document := loaded(delivery.body), Bad):
            yield document
            return
        for event in events_of(document):
            yield drafted(partial(_read, event), event.path, event.alone)


def _read(event: Event) -> Draft:
    """The draft of an event; ItemError says why it is none."""
    reader = _READERS.get(event.kind)
    if reader is None or not isinstance(event.said, dict):
        raise ItemError("no event of a kind that is known")
    draft = reader(event, dict(event.said))
    if not draft.identifiers:
        raise ItemError("names no customer", reason=Reason.IDENTIFIER_MISSING)
    frame = {name: value for name, value in event.alone.items() if name not in ("object", "entry")}
    draft.context |= frame | {"entry": event.entry} | ({"standby": True} if event.kind == "standby" else {})
    draft.occurred_at = draft.occurred_at or take_time(dict(event.entry), "time")
    return draft
