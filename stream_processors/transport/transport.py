"""What Faust finds under `throughline://` (entry point `faust.transports`)."""

from typing import ClassVar

from faust.transport import base
from faust.types.transports import ConsumerT, ProducerT

from stream_processors.transport.consumer import Consumer


class _Producer(base.Producer):
    """Sends nothing: outputs have producers of their own. Faust only asks it to start, flush and stop."""


class Transport(base.Transport):
    """Faust's transport over librdkafka. The broker's address in Faust's URL is not used: see `App.reading`."""

    Consumer: ClassVar[type[ConsumerT]] = Consumer
    Producer: ClassVar[type[ProducerT]] = _Producer
    driver_version = "librdkafka"
