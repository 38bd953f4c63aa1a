# Targets with a `##` text are listed by `make help`.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: install
install: $(VENV)/.installed ## .venv with throughline in it, pinned by constraints.txt

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes constraints.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

.PHONY: demo
demo: install ## recorded deliveries of four channels through the real doors, onto one timeline
	$(BIN)/throughline demo

.PHONY: test test-fast test-slow
test: test-fast test-slow ## all tests, the fast ones first

FAST := not slow and not kafka and not chdb
test-fast: install ## unit and property tests, in seconds
	$(BIN)/pytest -n 2 -m "$(FAST)"

# They wait for others half of their time: three at once keep two cores busy. In the tree's order: xdist's own begins the
# long ones, a test a file, last.
test-slow: install browser prometheus ## contract and integration tests: real Kafka, chDB, SDKs, browser
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not ($(FAST))"

.PHONY: browser prometheus
browser:
	@command -v chromium >/dev/null || { echo "installing chromium"; apt-get update -qq && apt-get install -y -qq chromium >/dev/null; }

# Unpacked, not installed: Debian's package would start a server that listens everywhere.
prometheus:
	@command -v promtool >/dev/null || test -x .prometheus/usr/bin/promtool || { echo "unpacking Prometheus"; \
	  apt-get update -qq && mkdir -p .prometheus && cd .prometheus && apt-get download -qq prometheus && \
	  dpkg -x prometheus_*.deb . && rm prometheus_*.deb; }

.PHONY: lint types imports
lint: install ## format and lint, as CI checks them
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: install ## mypy --strict, tests too
	$(BIN)/mypy

imports: install ## the direction of imports
	$(BIN)/lint-imports

.PHONY: docs docs-check
docs: install ## write the generated references and dashboards
	$(BIN)/python -m throughline.reference
	$(BIN)/python -m deploy.grafana

docs-check: install ## fail when a generated reference or dashboard is stale
	$(BIN)/python -m throughline.reference --check
	$(BIN)/python -m deploy.grafana --check

.PHONY: bench bench-quick peers
bench: install peers ## measure every part on this machine, beside what one would take instead (ARGUMENTS="NAME... --size 0.5 --record")
	$(BIN)/python -m benchmarks $(ARGUMENTS)

bench-quick: install ## four minutes: fails where our CPU, beside that of others, grew by a quarter since it was recorded
	$(BIN)/python -m benchmarks --quick

PEERS := benchmarks/peers
peers: $(PEERS)/.venv/.installed ## what the benchmarks set beside us, in an environment of its own

$(PEERS)/.venv/.installed: $(PEERS)/constraints.txt $(VENV)/.installed
	$(PYTHON) -m venv $(PEERS)/.venv
	$(BIN)/uv pip sync --quiet --python $(PEERS)/.venv/bin/python --require-hashes $(PEERS)/constraints.txt
	touch $@

.PHONY: chaos
chaos: install ## try to break the promise: every fault, again and again; CHAOS="--kills 200 --interactions 1000000 --seed 7"
	$(BIN)/python -m tests.chaos $(CHAOS)

.PHONY: constraints
constraints: ## pin every dependency anew (names, versions, hashes)
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-emit-index-url --upgrade --quiet --output-file constraints.txt
	$(BIN)/uv pip compile --group pyproject.toml:peers --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-emit-index-url --upgrade --quiet --output-file $(PEERS)/constraints.txt

.PHONY: kafka-start kafka-stop
kafka-start: install ## real Kafka on 127.0.0.1:9092 (KAFKA_PORT, KAFKA_DIR change it)
	$(BIN)/python -m deploy.kafka.local start

kafka-stop: install ## stop it
	$(BIN)/python -m deploy.kafka.local stop

BROKERS ?= 1
.PHONY: compose-env
compose-env: ## .env with passwords for docker compose (BROKERS=3 for three brokers)
	$(PYTHON) -m deploy.docker.environment $(BROKERS)
