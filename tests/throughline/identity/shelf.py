"""Evidence on a shelf in memory, read as ClickHouse's is: in pieces, each identifier's earliest links first."""

from collections.abc import Iterable, Sequence

from schemas.evidence import Evidence
from throughline.identity.gather import Links


class MemoryShelf:
    """Facts of one tenant. `asked`: how many links were given out."""

    def __init__(self, facts: Iterable[Evidence]) -> None:
        self.facts: dict[object, Evidence] = {}
        for fact in sorted(facts, key=lambda fact: fact.at, reverse=True):
            self.facts[fact.fact_id] = fact  # of a link seen twice the earliest counts
        self.asked = 0

    def links(self, identifiers: Sequence[str], limit: int, shared: Sequence[str]) -> Links:
        found: dict[object, Evidence] = {}
        full = set()
        for name in identifiers:
            near: dict[bool, list[Evidence]] = {False: [], True: []}
            for fact in sorted(self.facts.values(), key=lambda fact: (fact.at, fact.fact_id)):
                if fact.fact == "link" and name in {*fact.left, *fact.right}:
                    far = fact.right[0] if fact.left[0] == name else fact.left[0]
                    near[far.partition(":")[0] in shared].append(fact)
            for to_shared, facts in near.items():
                found.update((fact.fact_id, fact) for fact in facts[:limit])
                if len(facts) >= limit:
                    full.add((name, to_shared))
        self.asked += len(found)
        return Links(list(found.values()), frozenset(full))

    def commands(self, identifiers: Sequence[str]) -> list[Evidence]:
        names = set(identifiers)
        return [
            fact
            for fact in self.facts.values()
            if fact.fact not in {"link", "traits", "rules"} and names & {*fact.left, *fact.right}
        ]
