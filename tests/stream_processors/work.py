"""A worker process for tests: `python -m tests.stream_processors.work PART SETTINGS_JSON`; prints `ready` once."""

import sys
from typing import Final

from prometheus_client import CollectorRegistry

from schemas.settings import Settings
from schemas.telemetry import Metrics, configure_logging
from stream_processors import process, resolve

MAINS: Final = {"process": process.main, "resolve": resolve.main}

if __name__ == "__main__":
    configure_logging(sys.argv[1], console=False)
    settings = Settings.model_validate_json(sys.argv[2])
    main = MAINS[sys.argv[1]]
    sys.exit(main(settings, Metrics(CollectorRegistry()), lambda: print("ready", flush=True)))  # noqa: T201  for the test
