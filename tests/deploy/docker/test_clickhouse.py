"""The users of the ClickHouse server, tried in chDB: the same engine, which reads the same files."""

import subprocess
import sys
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from xml.etree import ElementTree as ET

import orjson
import pytest

from sinks.clickhouse.client import Login
from sinks.clickhouse.migrate import Script, dictionaries, migrations, views
from tests.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.chdb]
FOLDER = ROOT / "deploy/docker/clickhouse"
PASSWORD = "it's one"
# What the image's own users.xml and config.xml have of it, and what chDB needs to read them.
_IMAGE = """<clickhouse>
  <profiles><default/></profiles>
  <quotas><default><interval><duration>3600</duration><queries>0</queries></interval></default></quotas>
  <users><default><password></password><networks><ip>::/0</ip></networks><profile>default</profile>
    <quota>default</quota></default></users>
</clickhouse>"""
_CONFIG = """<clickhouse>
  <users_config>{users}</users_config>
  <access_control_improvements>
    <select_from_system_db_requires_grant>true</select_from_system_db_requires_grant>
  </access_control_improvements>
</clickhouse>"""
_CHILD = """
import json, sys, chdb
connection = chdb.connect(sys.argv[1])
for statement in json.load(sys.stdin):
    try:
        connection.query(statement, "JSONEachRow")
        print(json.dumps(""))
    except Exception as error:
        print(json.dumps(str(error)))
"""


NOW = "SELECT dictGetOrDefault('throughline.identity_now', 'profile_id', toUUID('{0}'), toUUID('{0}'))".format(
    "00000000-0000-0000-0000-000000000001"
)


class Server:
    """A store, and its users as the files make them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ask(self, user: str, statements: Iterable[str]) -> list[str]:
        """What the engine says to each of a user's statements; nothing: it did it.

        chDB knows one user, `default`: he is made to be this one.
        """
        home = self.folder / user
        (home / "users.d").mkdir(parents=True, exist_ok=True)
        tree = ET.parse(FOLDER / "users.xml").getroot()
        users = tree.find("users")
        assert users is not None
        [removed, asked] = [users.find("default"), users.find(user)]
        assert removed is not None
        assert removed.get("remove") == "remove"
        assert asked is not None
        users.remove(removed)
        alias = deepcopy(asked)
        alias.tag = "default"
        password = alias.find("password")
        assert password is not None
        alias.remove(password)
        ET.SubElement(alias, "password")
        alias.set("replace", "replace")
        users.append(alias)
        ET.ElementTree(tree).write(home / "users.d/throughline.xml")
        (home / "users.xml").write_text(_IMAGE)
        (home / "config.xml").write_text(_CONFIG.format(users=home / "users.xml"))
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, f"{self.folder / 'store'}?config-file={home / 'config.xml'}"],
            input=orjson.dumps(list(statements)), capture_output=True, timeout=110, check=False,
            env={"CLICKHOUSE_PASSWORD_THROUGHLINE": PASSWORD, "CLICKHOUSE_PASSWORD_READER": "other"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        return [orjson.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    """With the whole schema, made by `throughline`."""
    server = Server(tmp_path_factory.mktemp("server"))
    database = Script("database", (ROOT / "sinks/clickhouse/database.sql").read_text()).statements
    named = [statement.replace("{database:Identifier}", "throughline") for statement in database]
    scripts = (*migrations(), *dictionaries("throughline", Login("throughline", PASSWORD)), *views())
    schema = [statement for script in scripts for statement in script.statements]
    said = server.ask("throughline", [*named, "USE throughline", *schema])
    assert [text for text in said if text] == []
    return server


def test_the_program_may_read_and_write_its_own(server: Server) -> None:
    said = server.ask(
        "throughline",
        [
            "INSERT INTO throughline.migrations (number, name, checksum) VALUES (9999, 'a', 'b')",
            "SELECT * FROM throughline.timeline",
            "SELECT count() FROM system.parts",
            "ALTER TABLE throughline.migrations DELETE WHERE number = 9999",
        ],
    )
    assert [text for text in said if text] == []


OUTSIDE = (
    "SELECT * FROM file('users.xml', 'RawBLOB')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'RawBLOB')",
    "CREATE DATABASE other",
    "CREATE USER other",
    "GRANT SELECT ON throughline.* TO reader",
)
CHANGES = (
    "INSERT INTO throughline.migrations (number, name, checksum) VALUES (9999, 'a', 'b')",
    "DROP TABLE throughline.migrations",
    "TRUNCATE TABLE throughline.migrations",
    "CREATE TABLE throughline.other (a Int8) ENGINE = Memory",
)
SECRETS = ("SELECT * FROM system.users",)


@pytest.mark.parametrize(("user", "statements"), [("throughline", OUTSIDE), ("reader", OUTSIDE + CHANGES + SECRETS)])
def test_nobody_reaches_further(server: Server, user: str, statements: tuple[str, ...]) -> None:
    for statement, said in zip(statements, server.ask(user, statements), strict=True):
        assert "ACCESS_DENIED" in said or "READONLY" in said, (statement, said)


def test_the_reader_may_ask_and_bound_what_it_asks(server: Server) -> None:
    asked = [
        "SELECT * FROM throughline.timeline",
        "SELECT * FROM throughline.customer_timeline(tenant = 'default', identifier = 'user_id:ada')",
        "SELECT name, comment FROM system.tables WHERE database = 'throughline'",
        "SELECT count() FROM throughline.timeline SETTINGS max_execution_time = 600",
        "SELECT uniq(profile_id) FROM throughline.population",
        NOW,
    ]
    assert server.ask("reader", asked) == [""] * len(asked)
    [said] = server.ask("reader", ["SELECT 1 SETTINGS max_execution_time = 100000"])
    assert "max_execution_time" in said


def test_dictionaries_are_read_with_the_password_of_their_definition(server: Server) -> None:
    """As a server does: the source is opened as the user who migrated, and where that fails all else works."""
    [wrong, right] = [
        [
            statement
            for script in dictionaries("throughline", Login("throughline", password))
            for statement in script.statements
        ]
        for password in ("of once", PASSWORD)
    ]
    asked = [NOW, "SELECT uniq(profile_id) FROM throughline.timeline"]
    said = server.ask("throughline", ["USE throughline", *wrong, *asked, *right, *asked])
    refused = [at for at, text in enumerate(said) if text]
    assert refused == [1 + len(wrong)]
    assert "AUTHENTICATION_FAILED" in said[refused[0]]


def test_files_are_xml_and_hold_no_password() -> None:
    for path in FOLDER.iterdir():
        for element in ET.parse(path).iter("password"):
            assert (element.text or "").strip() == ""
            assert (element.get("from_env") or "").startswith("CLICKHOUSE_PASSWORD_")
