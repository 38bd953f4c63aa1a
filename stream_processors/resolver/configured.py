"""The rules of a configuration as evidence, for the first start of all."""

from datetime import UTC, datetime

import msgspec

from schemas.evidence import Evidence, rules_id
from schemas.identity import BEGIN, Rules


def rules_fact(rules: Rules) -> Evidence:
    """The rules of a configuration as evidence; the same from everybody, and older than an operator's."""
    document = msgspec.json.encode(rules.as_document(), order="sorted")
    return Evidence(
        tenant="",
        fact_id=rules_id(document, BEGIN),
        fact="rules",
        at=datetime.fromtimestamp(BEGIN, UTC),
        rules=msgspec.Raw(document),
        author="throughline",
        reason="the rules of the configuration, at the first start",
    )
