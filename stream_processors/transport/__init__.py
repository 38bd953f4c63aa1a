"""A Faust transport over librdkafka that hands an agent runs of records: `throughline://`.

One thread makes every call of librdkafka (`poller.py`): it reads up to 2,000 records at a time, cuts them into runs of
one partition, and commits what is finished. Faust gets one message a run (`consumer.py`), so that its cost for each
message does not count. What is open, finished and committed is kept in `progress.py`, where a partition begins to be
read is decided in `start.py`. The settings come through the app: `stream_processors.app.App.reading`.

What came in: records of Kafka. What goes out: runs, each with `finish`, which allows the commit of its end.
"""

from stream_processors.transport.progress import Run
from stream_processors.transport.settings import Reading, reading
from stream_processors.transport.start import Found, Positions, Start
from stream_processors.transport.transport import Transport

__all__ = ["Found", "Positions", "Reading", "Run", "Start", "Transport", "reading"]
