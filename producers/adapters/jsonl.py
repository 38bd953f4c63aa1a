"""Any channel by file: JSON Lines (https://jsonlines.org), one object a line, with a declarative mapping.

A delivery is one line. Where no member is mapped to `message_id`, the id is made from the content: the same line twice
is one interaction.
"""

from collections.abc import Iterator

import orjson

from producers.contract import Adapter, Bad, Delivery, Draft
from producers.dialects.mapped import MappedConfig, draft_of
from producers.json_text import read
from schemas.fates import Fault, Reason
from schemas.interaction import CHANNELS


class JsonLines(Adapter[MappedConfig]):
    """Lines of a file that `throughline import` reads."""

    name = "jsonl"
    channels = frozenset(CHANNELS)
    intake = "file"
    Config = MappedConfig

    def verify(self, delivery: Delivery) -> None:
        """A file is as trustworthy as whoever runs the import on this machine."""

    def decode(self, delivery: Delivery) -> Iterator[Draft | Bad]:
        """One interaction, or why there is none, with the line's number."""
        try:
            document = read(delivery.body)
        except orjson.JSONDecodeError as error:
            made: Draft | Fault = Fault(Reason.NOT_JSON, f"not JSON in UTF-8: {error}")
        else:
            made = draft_of(document, self.config.map, self.config.channel, self.config.timezone)
        if isinstance(made, Draft):
            yield made
            return
        line = f"line {delivery.headers.get('x-record', '?')}"
        yield Bad(Fault(made.reason, made.detail, ", ".join(filter(None, (line, made.path)))), delivery.body)
