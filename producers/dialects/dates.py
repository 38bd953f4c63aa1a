"""Dates as mail and webhooks write them, as instants that an interaction can hold."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from schemas.interaction import FIRST_YEAR, LAST_YEAR


def instant(text: str) -> datetime | None:
    """The instant, in UTC, of a date of RFC 5322, section 3.3 (and its obsolete forms), or of ISO 8601.

    A date without a zone, and one in the zone -0000, is UTC. None: it is no date, or its year is out of the range of
    interactions.
    """
    text = text.strip()[:100]
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            time = parse(text)
            time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):  # what the parsers raise on text that is no date
            continue
        if FIRST_YEAR <= time.year <= LAST_YEAR:
            return time
    return None
