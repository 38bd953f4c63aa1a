"""What is said to people of facts and rules, in a line."""

from typing import Final

from schemas.evidence import Evidence
from schemas.identity import Rules, milliseconds, moment

SEEN: Final = frozenset({"link", "traits"})  # in interactions; all other facts are operators'
CLASSES: Final = ("an operator's word", "account facts", "contact facts", "device facts")  # by Verdict.cls


def rule_words(rule: str, rules: Rules) -> str:
    """Why a rule refuses a link."""
    name, _, kind = rule.partition(":")
    return {
        "hub": f"an end has more than {rules.hub} strong neighbours, or {rules.degree} of any kind, and links no more",
        "contested": "an end is claimed by several customers and links nothing more",
        "unique": f"each side has its own {kind}, and two of them are two customers",
        "guest": f"each side has its own {kind}, and a device does not make two of them one person",
        "limit": f"together they would have more than {rules.of(kind).limit} of {kind}",
        "cap": f"together they would have more than {rules.cap} identifiers",
        "keep_apart": "an operator keeps them apart",
        "blocked": "an end is blocked: it links nothing",
        "erased": "what was known of an end before its erasure is gone",
    }[name]


def remedy(rule: str) -> str:
    """What would make the link hold."""
    name, _, kind = rule.partition(":")
    return {
        "hub": "a tie is exempt: `throughline identity tie`; or raise identity.hub",
        "contested": "settle whose it is: `throughline identity tie`, `keep-apart` or `handover`",
        "unique": f"to make two accounts one: `throughline identity tie` on the two of {kind} themselves, with --force",
        "guest": "if it is one person: `throughline identity tie`",
        "limit": f"raise identity.kinds.{kind}.limit, or retract what joined those of {kind} that are wrong",
        "cap": "raise identity.cap, or retract what joined too much",
        "keep_apart": "retract it: `throughline identity retract`",
        "blocked": "retract the block, or change identity.kinds.<kind>.blocked",
    }[name]


def fact_words(fact: Evidence) -> str:
    """A fact: of whom, when or by whom and why, and the id that `retract` takes."""
    sides = " and ".join(", ".join(side) for side in (fact.left, fact.right) if side)
    at = moment(milliseconds(fact.at))
    if fact.fact in SEEN:
        return f"{fact.fact} of {sides}, seen at {at}, source {fact.source} (fact {fact.fact_id})"
    return f"{fact.fact} of {sides} at {at}, said by {fact.author}: {fact.reason!r} (command {fact.command_id})"
