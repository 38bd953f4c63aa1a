"""A worker process for tests: `python -m tests.stream_processors.work SETTINGS_JSON`; prints `ready` once."""

import sys

from prometheus_client import CollectorRegistry

from schemas.settings import Settings
from schemas.telemetry import Metrics, configure_logging
from stream_processors.process import main

if __name__ == "__main__":
    configure_logging("process", console=False)
    settings = Settings.model_validate_json(sys.argv[1])
    sys.exit(main(settings, Metrics(CollectorRegistry()), lambda: print("ready", flush=True)))  # noqa: T201  for the test
