"""`throughline identity simulate` and `apply`: other rules of identity, tried and put in force."""

import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
from pydantic import ValidationError

from schemas.identity import Rules
from schemas.identity_settings import IdentitySettings
from schemas.settings import ConfigurationError, Loaded
from sinks.clickhouse.client import ClickHouse
from throughline.embedded.broker import reachable
from throughline.failures import Failed
from throughline.identity.apply import rules_fact, wait_until_in_force
from throughline.identity.compare import Move
from throughline.identity.facts import Facts, rules_in_force, tenants
from throughline.identity.moved import interactions_moved
from throughline.identity.publish import publish
from throughline.identity.simulate import Simulation
from throughline.identity.simulate import simulate as simulated
from throughline.options import login_name, with_json, with_settings
from throughline.output import print_json, print_rows
from throughline.reading import opened

WAIT_S: Final = 300.0
_SAMPLE: Final = 5  # identifiers of a change that a person is shown
_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.option("--rules", "file", type=_FILE, required=True, help="A TOML file with [identity], or what stands in it.")
@click.option("--tenant", default=None, help="One tenant; otherwise all.")
@with_json
@with_settings
def simulate(*, loaded: Loaded, file: Path, tenant: str | None, as_json: bool) -> None:
    """What other rules would change, without changing anything.

    Judges all evidence under the rules in force and under those of the file. Prints for each tenant how many groups of
    profiles would merge, split or otherwise change (moved), how many profiles stay as they are, how many interactions
    would be another profile's, and the ten largest changes. Needs memory for the identifiers and links of a tenant
    (some 300 bytes each), and as much temporary disk as its evidence.
    """
    rules = read_rules(file)
    with opened(loaded.settings) as client:
        _simulate(client, rules, tenant, as_json=as_json)


@click.command()
@click.option("--rules", "file", type=_FILE, default=None, help="As for simulate; otherwise the configuration's own.")
@click.option("--author", default=login_name, show_default="the login name", help="Who says it.")
@click.option("--reason", default="", help="Why; kept with the rules.")
@click.option("--dry-run", is_flag=True, help="Only simulate.")
@click.option("--no-wait", is_flag=True, help="Do not wait until they are in force.")
@with_json
@with_settings
def apply(
    *, loaded: Loaded, file: Path | None, author: str, reason: str, dry_run: bool, no_wait: bool, as_json: bool
) -> None:
    """Put rules in force, for all tenants: those of a file, or [identity] of the configuration.

    They go through the evidence topic, so that profiles remain a function of the evidence, and the resolvers judge
    everything anew. Exit status 1 when these rules are in force already.
    """
    rules = loaded.settings.identity.rules if file is None else read_rules(file)
    with opened(loaded.settings) as client:
        if dry_run:
            _simulate(client, rules, None, as_json=as_json)
            return
        current, since = rules_in_force(client)
        if current == rules:
            msg = "these rules are in force already"
            raise Failed(msg)
        kafka = reachable(loaded.settings)
        fact = rules_fact(rules, max(time.time_ns() // 1_000_000, since + 1), author, reason)
        offsets = publish(kafka, [fact])
        left = -1 if no_wait else wait_until_in_force(client, kafka, fact, offsets, WAIT_S)
    told = {"fact_id": str(fact.fact_id), "author": author, "reason": reason, "in_force": None if no_wait else not left}
    if as_json:
        print_json([told])
    else:
        click.echo("published" if left else "the rules are in force")
    if left > 0:
        msg = f"published, and not in force after {WAIT_S:g} s: do `resolve` and `sink` run? (throughline status)"
        raise Failed(msg)


def read_rules(file: Path) -> Rules:
    """The rules of a TOML file: its [identity], or all of it.

    Raises:
        ConfigurationError: it is not TOML, or a key or value is none of [identity].
    """
    try:
        document: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        return IdentitySettings.model_validate(document.get("identity", document)).rules
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{file}: {error}"
        raise ConfigurationError(msg) from None
    except ValidationError as error:
        faults = "; ".join(f"identity.{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        msg = f"{file}: {faults}"
        raise ConfigurationError(msg) from None


def _simulate(client: ClickHouse, rules: Rules, tenant: str | None, *, as_json: bool) -> None:
    current, _ = rules_in_force(client)
    for one in [tenant] if tenant is not None else tenants(client):

        def count(moves: list[Move], whose: str = one) -> list[int]:
            return interactions_moved(client, whose, moves)

        told = simulated(one, Facts(client, one).all, count, current, rules)
        if as_json:
            print_json([_document(told)])
        else:
            print_rows([_counts(told)], list(_counts(told)), as_json=False)
            print_rows(_largest(told), ["what", "interactions", "before", "after", "identifiers"], as_json=False)


def _counts(told: Simulation) -> dict[str, Any]:
    kinds = {what: told.changes[what] for what in ("merged", "split", "moved")}
    return {"tenant": told.tenant, **kinds, "unchanged": told.unchanged, "interactions": told.interactions}


def _document(told: Simulation) -> dict[str, Any]:
    largest = [
        {
            "what": change.what,
            "interactions": moved,
            "before": [str(picture.profile) for picture in change.before],
            "after": [str(picture.profile) for picture in change.after],
            "identifiers": list(change.identifiers),
        }
        for moved, change in told.largest
    ]
    return {**_counts(told), "largest": largest}


def _largest(told: Simulation) -> Iterator[dict[str, Any]]:
    for moved, change in told.largest:
        names = change.identifiers
        more = f" and {len(names) - _SAMPLE} more" if len(names) > _SAMPLE else ""
        yield {
            "what": change.what,
            "interactions": moved,
            "before": f"{len(change.before)} profiles",
            "after": f"{len(change.after)} profiles",
            "identifiers": ", ".join(names[:_SAMPLE]) + more,
        }
