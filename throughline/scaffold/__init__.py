"""`throughline adapters new`: the skeleton of an adapter, its golden cases, its test, and its entry on the roll.

What comes out passes ruff, mypy and the conformance suite as it is, and is meant to be edited. Templates lie beside.
"""

import hmac
import keyword
import re
from pathlib import Path
from string import Template
from typing import Final

import orjson

from schemas.interaction import Channel
from throughline.failures import Failed

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
ROLL: Final = Path("producers/adapters/__init__.py")
_TEMPLATES: Final = Path(__file__).parent / "templates"
_SECRET: Final = "example-secret"  # noqa: S105  of the example deliveries, published with them
_RECEIVED: Final = "2026-01-31T12:00:00.000Z"
_SOURCE: Final = "an example of `throughline adapters new`; put the vendor's published one in its place"
_WIDTH: Final = 120
_INDENTED: Final = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def scaffold(root: Path, name: str, channel: Channel) -> list[Path]:
    """Write the files of a new adapter into the checkout at `root`; what was written, the roll last.

    Raises:
        Failed: the name will not do, something of that name is there already, or `root` is no checkout.
    """
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise Failed(f"{name!r} is no name for a module: small letters, digits and _, at most 32, as help_desk")
    class_name = "".join(part.capitalize() for part in name.split("_"))
    roll = root / ROLL
    if not roll.is_file():
        raise Failed(f"{root.resolve()} holds no {ROLL}: run this in a checkout of Throughline, or name one by --root")
    wanted = {root / path: content for path, content in _contents(name, class_name, channel).items()}
    for path in wanted:
        if path.exists():
            raise Failed(f"{path} is there already; nothing was written")
    enrolled = enroll(roll.read_text(), name, class_name)
    for path, content in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    roll.write_text(enrolled)
    return [*wanted, roll]


def _contents(name: str, class_name: str, channel: Channel) -> dict[Path, bytes]:
    words = {"name": name, "class_name": class_name, "channel": channel, "secret": _SECRET}
    golden = Path("tests/golden") / name
    return {
        Path(f"producers/adapters/{name}.py"): _filled("adapter.py.tmpl", words),
        Path(f"tests/producers/adapters/test_{name}.py"): _filled("test.py.tmpl", words),
        **_case(golden / "message", name, _SECRET, [_draft(channel)]),
        **_case(golden / "forged", name, "another-secret", {"refused": "signature_wrong"}),
    }


def _filled(template: str, words: dict[str, str]) -> bytes:
    return Template((_TEMPLATES / template).read_text()).substitute(words).encode()


def _case(folder: Path, name: str, secret: str, expected: object) -> dict[Path, bytes]:
    customer = {"email": "ada@example.com", "city": "London"}
    body = orjson.dumps({"id": "m-1", "at": "2026-01-31T11:59:58Z", "customer": customer, "subject": "My order"})
    delivery = {
        "config": {"secret": _SECRET},
        "method": "POST",
        "path": f"/sources/{name}",
        "query": "",
        "headers": {
            "content-type": "application/json",
            "x-signature": hmac.new(secret.encode(), body, "sha256").hexdigest(),
        },
        "body": body.decode(),
        "received_at": _RECEIVED,
        "url": f"https://events.example.com/sources/{name}",
        "source": _SOURCE,
    }
    return {
        folder / "delivery.json": orjson.dumps(delivery, option=_INDENTED),
        folder / "expected.json": orjson.dumps(expected, option=_INDENTED),
    }


def _draft(channel: Channel) -> dict[str, object]:
    return {
        "channel": channel,
        "type": "message",
        "message_id": "m-1",
        "occurred_at": "2026-01-31T11:59:58.000Z",
        "identifiers": [["email", "ada@example.com"]],
        "direction": "inbound",
        "traits": {"city": "London"},
        "properties": {"subject": "My order"},
    }


def enroll(roll: str, name: str, class_name: str) -> str:
    """The roll's text with one more adapter: its import and its entry, sorted, as the formatter writes them.

    Raises:
        Failed: it is there already, or the text is not in the form that this can edit.
    """
    imports = re.search(r"(?:^from producers\.adapters\.\w+ import \w+\n)+", roll, re.MULTILINE)
    entries = re.search(r"^(_ADAPTERS: .+? = )\(([^()]*)\)\n", roll, re.MULTILINE)
    if imports is None or entries is None:
        raise Failed(f"{ROLL} is not as it was: add the import and the entry of {class_name} by hand")
    line = f"from producers.adapters.{name} import {class_name}\n"
    names = [entry.strip() for entry in entries[2].split(",") if entry.strip()]
    if line in imports[0] or class_name in names:
        raise Failed(f"{class_name} is on the roll already; nothing was written")
    names = sorted([*names, class_name])
    one_line = f"{entries[1]}({', '.join(names)})\n"
    if len(one_line) > _WIDTH + 1:
        one_line = f"{entries[1]}(\n{''.join(f'    {entry},{chr(10)}' for entry in names)})\n"
    edited = roll[: entries.start()] + one_line + roll[entries.end() :]
    return edited.replace(imports[0], "".join(sorted([*imports[0].splitlines(keepends=True), line])))
