"""The resolver: links, merges, and what rules refuse."""

from typing import Final

from deploy.grafana.panels import Board, Bounds, Query, Question, Row, Unit, rate
from deploy.grafana.shared import lag, process

IDENTITY: Final = Row(
    "Who is joined to whom?",
    [
        Question(
            "What becomes of links?",
            "accepted join two identifiers, known say nothing new, refused are kept and can be explained.",
            [rate("throughline_identity_links_total", "outcome")],
            Unit.RATE,
        ),
        Question(
            "How many profiles go into another one?",
            "A jump is a source that puts one identifier on many people: `throughline explain` two of them.",
            [rate("throughline_identity_merges_total")],
            Unit.RATE,
        ),
        Question(
            "Which rules refuse links?",
            "hub: one identifier of very many people, as a test account. contested, unique, guest: two on one device.",
            [rate("throughline_identity_refused_total", "rule")],
            Unit.RATE,
            nothing="none",
            section="IdentityRefusedJumped",
        ),
        Question(
            "How many customers are known by two and more identifiers?",
            "It grows slowly. A fall is a split, a command, or rules that were changed.",
            [Query("sum(throughline_identity_profiles)", "profiles")],
            Unit.COUNT,
        ),
        Question(
            "Is there evidence that cannot be read?",
            "In the last hour: somebody else writes to identity.evidence. The rows are in `rejected`.",
            [Query("sum(increase(throughline_identity_unreadable_total[1h]))", "records", or_zero=True)],
            Unit.COUNT,
            Bounds(1, 1),
            is_number=True,
            width=24,
            section="EvidenceUnreadable",
        ),
    ],
)
BOARD: Final = Board(
    "resolver",
    "Throughline: resolver",
    "`throughline resolve`: identifiers are joined to customers, from the evidence.",
    [IDENTITY, lag("resolve"), process("resolve")],
)
