"""The roll: every adapter, by name. One more adapter is one file here, one folder in tests/golden/, one line below."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from producers.adapters.csv import Csv
from producers.adapters.jsonl import JsonLines
from producers.adapters.meta import Meta
from producers.adapters.segment import Segment
from producers.adapters.sendgrid import SendGrid
from producers.adapters.smtp import Smtp
from producers.adapters.twilio_voice import TwilioVoice
from producers.adapters.webhook import Webhook
from producers.contract import Adapter

_ADAPTERS: Final[tuple[type[Adapter[Any]], ...]] = (Csv, JsonLines, Meta, Segment, SendGrid, Smtp, TwilioVoice, Webhook)

ROLL: Final[Mapping[str, type[Adapter[Any]]]] = MappingProxyType({adapter.name: adapter for adapter in _ADAPTERS})
