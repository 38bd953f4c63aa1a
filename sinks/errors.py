"""What can go wrong with the world around the sink. Data faults are values (`sinks.store.Refused`), not exceptions."""


class TransientError(Exception):
    """ClickHouse is away or overloaded, or it is unknown whether it did as asked: try the very same again."""


class FatalError(Exception):
    """Trying again cannot help: wrong password, missing table. A person must act; the message says how."""


class LostError(Exception):
    """The partition has another owner now, or this process ends: stop here, the mark tells where to go on."""
