"""`throughline identity tie|keep-apart|split|handover|block|retract|simulate|apply`: what operators say of identity."""

from collections.abc import Callable
from datetime import datetime
from functools import partial, wraps
from typing import Final, TypeVar
from uuid import UUID

import click

from schemas.identity import milliseconds, moment
from schemas.settings import Loaded
from throughline.commands.rules import apply, simulate
from throughline.identity import command as commands
from throughline.identity import retract as retracts
from throughline.identity import split as splits
from throughline.identity.command import Command, Proposal
from throughline.identity.give import Order, give, give_on_facts
from throughline.identity.outlook import Outlook
from throughline.options import Moment, login_name, with_json, with_settings

WAIT_S: Final = 30.0
F = TypeVar("F", bound=Callable[..., None])


@click.group()
def identity() -> None:
    """Who is one customer: an operator's word, and the rules.

    Evidence joins identifiers into customers by itself. These commands are facts more, with an author and a reason:
    stronger than what interactions show, kept for ever, and each can be taken back (retract). No interaction is ever
    rewritten. Every command has --dry-run, which shows the profiles before and after and how many interactions move,
    and changes nothing. Where something stands against a command, it names the rule and the evidence, changes nothing,
    and ends with exit status 1.
    """


def with_order(given: F) -> Callable[..., None]:
    """Add the options that all commands share; the command gets them as `order`."""

    @click.option("--tenant", default="default", show_default=True)
    @click.option("--author", default=login_name, show_default="the login name", help="Who says it.")
    @click.option("--reason", required=True, help="Why; kept with the command.")
    @click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
    @click.option("--no-wait", is_flag=True, help="Do not wait until it is in force.")
    @with_json
    @with_settings
    @wraps(given)
    def run(
        *,
        loaded: Loaded,
        tenant: str,
        author: str,
        reason: str,
        dry_run: bool,
        no_wait: bool,
        as_json: bool,
        **own: object,
    ) -> None:
        wait_s = 0.0 if no_wait else WAIT_S
        order = Order(loaded.settings, tenant, author, reason, dry_run=dry_run, wait_s=wait_s, as_json=as_json)
        given(order=order, **own)

    return run


@identity.command()
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@click.option("--force", is_flag=True, help="Even if links break that hold, or two accounts become one.")
@with_order
def tie(*, order: Order, one: str, other: str, force: bool) -> None:
    """A and B are one customer.

    Comes before all that interactions show, not before keep-apart and block. A tie that breaks links, because of a rule
    (two accounts, a limit), needs --force; what then no longer holds is shown by --dry-run.
    """
    give(order, "tie", [one, other], partial(commands.tie, force=force), *(["force"] if force else []))


@identity.command("keep-apart")
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@with_order
def keep_apart(*, order: Order, one: str, other: str) -> None:
    """A and B are never one customer, by whatever path; of third identifiers it says nothing."""
    give(order, "keep-apart", [one, other], commands.keep_apart)


@identity.command()
@click.argument("profile", metavar="PROFILE")
@click.argument("leaving", metavar="IDENTIFIER...", nargs=-1, required=True)
@with_order
def split(*, order: Order, profile: str, leaving: tuple[str, ...]) -> None:
    """Of PROFILE (an id, or one of its identifiers) these IDENTIFIERs are another customer.

    They are kept apart from all that stays. Those that go remain one, and so do those that stay, by ties where nothing
    else holds them together.
    """

    def propose(command: Command, outlook: Outlook, of: str, *names: str) -> Proposal:
        return splits.split(command, outlook, of, names)

    give(order, "split", [profile, *leaving], propose)


@identity.command()
@click.argument("identifier")
@click.option("--at", required=True, type=Moment(), help="From this time on.")
@with_order
def handover(*, order: Order, identifier: str, at: datetime) -> None:
    """IDENTIFIER changed hands: from a moment on it is somebody else's, as a phone number that was given out anew.

    What it did before stays with whom it was; what it does from then on is linked anew.
    """
    when = milliseconds(at)
    give(order, "handover", [identifier], partial(commands.handover, at=when), moment(when))


@identity.command()
@click.argument("identifier")
@with_order
def block(*, order: Order, identifier: str) -> None:
    """IDENTIFIER is none, as a shop's own address or a test account: it links nothing and never did."""
    give(order, "block", [identifier], commands.block)


@identity.command()
@click.argument("wanted", metavar="ID", type=click.UUID)
@with_order
def retract(*, order: Order, wanted: UUID) -> None:
    """Take back the command with this ID, or one fact, as a link that `explain` shows.

    A retract is a command as well: retract it, and what it took back holds again.
    """
    give_on_facts(order, "retract", wanted, retracts.retract)


identity.add_command(simulate)
identity.add_command(apply)
