"""The commands' edges: help, exit status, errors that help, secrets that stay secret."""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from tests.integration.running import install


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = install(folder).environment | environment
    return subprocess.run(
        [sys.executable, "-m", "throughline", *arguments],
        env=env,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_needs_no_configuration(tmp_path: Path) -> None:
    done = run(tmp_path, "--help")
    assert done.returncode == 0
    assert "timeline" in done.stdout
    assert "gateway" not in done.stdout


def test_config_check_masks_secrets_and_names_origins(tmp_path: Path) -> None:
    done = run(
        tmp_path, "config", "check", "--json",
        THROUGHLINE_KAFKA__BOOTSTRAP="k:9092", THROUGHLINE_KAFKA__SASL__PASSWORD="hunter2",
        THROUGHLINE_CLICKHOUSE__URL="http://me:hunter2@ch:8123/throughline",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = {row["key"]: row for row in map(orjson.loads, done.stdout.splitlines())}
    assert "hunter2" not in done.stdout
    assert rows["sources.web.write_key"]["value"] == "********"
    assert rows["kafka.sasl.password"]["value"] == "********"
    assert rows["clickhouse.url"]["value"] == "http://me:********@ch:8123/throughline"
    assert rows["kafka.bootstrap"]["origin"] == "environment THROUGHLINE_KAFKA__BOOTSTRAP"
    assert rows["sources.web.adapter"]["origin"].endswith("throughline.toml")
    assert rows["dedupe.window"]["origin"] == "default"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"THROUGHLINE_KAFKA__BOOTSTRP": "x"}, "did you mean kafka.bootstrap"),
        ({"THROUGHLINE_SOURCES__WEB__WRITE_KEY": ""}, "sources.web.write_key"),
        ({"THROUGHLINE_SOURCES__SOCIAL__ADAPTER": "meta"}, "sources.social.app_secret"),
        ({"THROUGHLINE_SOURCES__X__ADAPTER": "segmnt"}, "segment"),
    ],
)
@pytest.mark.parametrize("command", [["config", "check"], ["up"], ["serve"]])
def test_a_configuration_that_cannot_work_stops_the_start(
    tmp_path: Path, command: list[str], variables: dict[str, str], message: str
) -> None:
    done = run(tmp_path, *command, **({"THROUGHLINE_KAFKA__BOOTSTRAP": "127.0.0.1:1"} | variables))
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in ("file", "file/below", "/proc/none"):
        for command in (["up"], ["gateway"], ["sql", "SELECT 1"]):
            done = run(tmp_path, *command, THROUGHLINE_DATA_DIR=folder, THROUGHLINE_METRICS__LISTEN="127.0.0.1:0")
            assert done.returncode == 2, done.stderr
            assert f"data_dir = {folder}: " in done.stderr
            assert "Traceback" not in done.stderr


def test_up_needs_to_know_where_the_gateway_listens(tmp_path: Path) -> None:
    done = run(tmp_path, "up", THROUGHLINE_GATEWAY__LISTEN="127.0.0.1:0")
    assert done.returncode == 2
    assert "gateway.listen" in done.stderr


def test_a_part_without_a_broker_says_what_to_do(tmp_path: Path) -> None:
    done = run(tmp_path, "process")
    assert done.returncode == 2
    assert "throughline up" in done.stderr


def test_the_embedded_broker_needs_no_topics(tmp_path: Path) -> None:
    for command in ("create", "check"):
        done = run(tmp_path, "topics", command)
        assert done.returncode == 0
        assert "makes its topics by itself" in done.stderr


@pytest.mark.slow
def test_topics_without_a_broker_say_so_once(tmp_path: Path) -> None:
    done = run(tmp_path, "topics", "check", THROUGHLINE_KAFKA__BOOTSTRAP="127.0.0.1:1")
    assert done.returncode == 1
    assert "make kafka-start" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_store_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    done = run(tmp_path, "sql", "SELECT 1", THROUGHLINE_CLICKHOUSE__URL="http://me:hunter2@127.0.0.1:1/throughline")
    assert done.returncode == 1
    assert "clickhouse at 127.0.0.1:1" in done.stderr
    assert "hunter2" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_query_may_begin_with_a_comment_as_those_of_the_documentation_do(tmp_path: Path) -> None:
    nowhere = {"THROUGHLINE_CLICKHOUSE__URL": "http://127.0.0.1:1/throughline"}
    done = run(tmp_path, "sql", "-- Count, as in 2 = 1 + 1.\nSELECT count() FROM timeline", **nowhere)
    assert (done.returncode, "clickhouse at 127.0.0.1:1" in done.stderr) == (1, True), done.stderr
    done = run(tmp_path, "sql", "--jsn", "SELECT 1", **nowhere)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr


@pytest.mark.slow
def test_up_without_its_kafka_says_so(tmp_path: Path) -> None:
    done = run(tmp_path, "up", THROUGHLINE_KAFKA__BOOTSTRAP="127.0.0.1:1")
    assert done.returncode == 1
    assert "make kafka-start" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_roll_is_listed(tmp_path: Path) -> None:
    done = run(tmp_path, "adapters", "list", "--json")
    names = {orjson.loads(line)["adapter"] for line in done.stdout.splitlines()}
    assert {"segment", "meta", "twilio_voice", "sendgrid", "smtp", "webhook", "jsonl", "csv"} <= names


def test_an_import_without_up_says_what_to_start(tmp_path: Path) -> None:
    (tmp_path / "f.jsonl").write_text("{}\n")
    done = run(tmp_path, "import", "f.jsonl", "--source", "web")
    assert (done.returncode, "throughline up" in done.stderr) == (1, True)


@pytest.mark.chdb
@pytest.mark.slow
def test_an_identifier_in_no_known_form_is_explained(tmp_path: Path) -> None:
    assert run(tmp_path, "migrate").returncode == 0
    done = run(tmp_path, "timeline", "ada")
    assert done.returncode == 2
    assert "kind:value is expected" in done.stderr
