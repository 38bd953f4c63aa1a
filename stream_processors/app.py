"""The Faust app: one agent over all of `interactions.<channel>`."""

from collections.abc import Callable, Iterable
from typing import Any

import faust
from faust.types import StreamT

from stream_processors.transport import Reading, Run
from stream_processors.transport.consumer import Consumer


class App(faust.App):
    """A Faust app that carries what the transport needs to know; so there are no globals.

    Attributes:
        reading: how records are read.
    """

    def __init__(self, name: str, reading: Reading, **options: Any) -> None:  # noqa: ANN401  Faust's settings
        self.reading = reading
        super().__init__(name, **options)

    def _create_directories(self) -> None:
        """None: there are no tables."""

    @property
    def reader(self) -> Consumer:
        """The consumer, which the transport has made.

        Raises:
            TypeError: it is not ours: Faust found another transport under this name.
        """
        consumer = self.consumer
        if not isinstance(consumer, Consumer):
            raise TypeError(f"Faust's transport is {type(consumer).__module__}, not this package's")
        return consumer


def build(group: str, topics: Iterable[str], reading: Reading, submit: Callable[[Run], None]) -> App:
    """The app; `submit` takes each run, in the event loop, without waiting."""
    app = App(
        group,
        reading,
        broker="throughline://",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        store="memory://",
        autodiscover=False,
        stream_wait_empty=False,
    )
    runs = app.topic(*topics, value_serializer="raw", value_type=None)

    @app.agent(runs, name="step")
    async def step(stream: StreamT[Run]) -> None:
        async for run in stream:
            submit(run)

    return app
