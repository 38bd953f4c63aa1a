"""Configuration: the file, the environment, the origin of each key, and errors that help."""

from datetime import timedelta
from pathlib import Path

import pytest

from schemas.settings import ConfigurationError, Settings, load

FILE = """
data_dir = "/var/lib/throughline"
[kafka]
bootstrap = "a:9092,b:9092"
security.protocol = "SASL_SSL"
sasl.username = "u"
socket.keepalive.enable = true
[dedupe]
window = "32d"
[sources.web]
adapter = "segment"
write_key = "k"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "throughline.toml"
    path.write_text(FILE)
    return path


def test_without_anything_the_embedded_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    loaded = load(None, {})
    assert loaded.settings == Settings()
    assert loaded.settings.kafka.is_embedded
    assert loaded.settings.kafka.budget == 1_000_000
    assert loaded.settings.dedupe.window == timedelta(hours=24)


def test_the_environment_wins_and_origins_are_known(file: Path) -> None:
    environment = {
        "THROUGHLINE_CONFIG": str(file),
        "THROUGHLINE_KAFKA__BOOTSTRAP": "c:9092",
        "THROUGHLINE_SOURCES__WEB__WRITE_KEY": "k2",
        "THROUGHLINE_SOURCES__MAIL__ADAPTER": "smtp",
        "THROUGHLINE_SOURCES__MAIL__RECIPIENTS": '["@example.com"]',
        "PATH": "/bin",
    }
    loaded = load(None, environment)
    assert loaded.settings.kafka.bootstrap == "c:9092"
    assert loaded.settings.kafka.budget == 1 << 30
    assert loaded.settings.kafka.librdkafka == {
        "security.protocol": "SASL_SSL",
        "sasl.username": "u",
        "socket.keepalive.enable": "true",
    }
    assert loaded.settings.sources["web"].own == {"write_key": "k2"}
    assert loaded.settings.sources["mail"].own == {"recipients": ["@example.com"]}
    assert loaded.origins["kafka.bootstrap"] == "environment THROUGHLINE_KAFKA__BOOTSTRAP"
    assert loaded.origins["dedupe.window"] == str(file)
    assert "http.listen" not in loaded.origins


def test_the_command_line_wins_over_all(file: Path, tmp_path: Path) -> None:
    loaded = load(file, {"THROUGHLINE_DATA_DIR": "/x"}, {"data_dir": tmp_path})
    assert loaded.settings.data_dir == tmp_path
    assert loaded.as_arguments() == ["--config", str(file), "--data-dir", str(tmp_path)]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("THROUGHLINE_KAFKAA__BOOTSTRAP", "x", "unknown key kafkaa .*THROUGHLINE_KAFKAA__BOOTSTRAP.*mean kafka"),
        ("THROUGHLINE_KAFKA__BOOTSTRP", "x", "unknown key kafka.bootstrp .*mean kafka.bootstrap"),
        ("THROUGHLINE_HTTP__LISTN", "x", "unknown key http.listn .*mean http.listen"),
        ("THROUGHLINE_HTTP__LISTEN", "8080", "http.listen .*an address is expected, as 127.0.0.1:8080"),
        ("THROUGHLINE_DEDUPE__WINDOW", "33d", "dedupe.window .*less than or equal"),
        ("THROUGHLINE_DEDUPE__WINDOW", "soon", "dedupe.window .*a duration is expected, as 500ms"),
        ("THROUGHLINE_HTTP__MAX_INTERACTION", "4MiB", "http.max_interaction .*less than or equal"),
        ("THROUGHLINE_KAFKA__PARTITIONS", "none", "kafka.partitions .*valid integer"),
        ("THROUGHLINE_SOURCES__WEB__WRITE_KEY", "k", "sources.web.adapter.*Field required"),
        ("THROUGHLINE_SOURCES__WEB-1__ADAPTER", "segment", "sources.web-1"),
    ],
)
def test_faults_name_the_key_its_origin_and_the_remedy(
    name: str, value: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=message):
        load(None, {name: value})


def test_a_file_that_cannot_be_read_or_parsed_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"missing.toml: cannot be read"):
        load(tmp_path / "missing.toml", {})
    (tmp_path / "bad.toml").write_text("[kafka\n")
    with pytest.raises(ConfigurationError, match=r"bad.toml: not TOML"):
        load(tmp_path / "bad.toml", {})


def test_every_key_has_a_description() -> None:
    def undescribed(model: type, at: str = "") -> list[str]:
        names = []
        for name, field in model.model_fields.items():  # type: ignore[attr-defined]  # a pydantic model
            if hasattr(field.annotation, "model_fields"):
                names += undescribed(field.annotation, f"{at}{name}.")
            elif not field.description and name != "sources":
                names.append(f"{at}{name}")
        return names

    assert undescribed(Settings) == []
