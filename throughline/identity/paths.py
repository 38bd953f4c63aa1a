"""The evidence as a graph: how identifiers hang together, by links that hold and by links that a rule refused."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from schemas.evidence import Evidence
from stream_processors.core.judge import Node, Verdict
from throughline.identity.world import World


class Step(NamedTuple):
    """From one node to the next by a link or tie."""

    near: Node
    far: Node
    fact: Evidence
    verdict: Verdict


class Graph:
    """The links and ties of a world."""

    def __init__(self, world: World) -> None:
        self._near: dict[Node, list[Step]] = {}
        for fact, verdict in world.joining():
            one, other = world.ends(fact)
            self._near.setdefault(one, []).append(Step(one, other, fact, verdict))
            self._near.setdefault(other, []).append(Step(other, one, fact, verdict))
        for steps in self._near.values():
            steps.sort(key=lambda step: (step.verdict.cls, step.fact.at, step.fact.fact_id.int))

    def of(self, node: Node) -> list[Step]:
        """The links of a node, strongest class first, then by time."""
        return self._near.get(node, [])

    def path(self, start: Node, goal: Callable[[Node], bool]) -> list[Step] | None:
        """The way along links that joined, to the nearest node that will do; None where there is none."""
        return next(self._search(start, goal, lambda step: 0 if step.verdict.joined else None), None)

    def way_round(self, start: Node, goal: Node) -> list[Step] | None:
        """The way with the fewest refused links; None where the evidence does not link the two at all."""

        def cost(step: Step) -> int | None:
            return 0 if step.verdict.joined else (1 if step.verdict.rule else None)

        return next(self._search(start, lambda node: node == goal, cost), None)

    def tree(self, root: Node) -> list[tuple[int, Step]]:
        """All links that joined the cluster of a node, each with its depth, children after their parent."""
        seen, found = {root}, []
        waiting = [(0, step) for step in reversed(self.of(root))]
        while waiting:
            depth, step = waiting.pop()
            if step.verdict.joined and step.far not in seen:
                seen.add(step.far)
                found.append((depth, step))
                waiting += [(depth + 1, onward) for onward in reversed(self.of(step.far))]
        return found

    def _search(
        self, start: Node, goal: Callable[[Node], bool], cost: Callable[[Step], int | None]
    ) -> Iterator[list[Step]]:
        """Breadth first, the cheapest first; a step costs 0, 1 or None: no way."""
        came: dict[Node, Step | None] = {}
        waiting: deque[tuple[Node, Step | None]] = deque([(start, None)])
        dearer: deque[tuple[Node, Step | None]] = deque()
        while waiting or dearer:
            if not waiting:
                waiting, dearer = dearer, waiting
            node, by = waiting.popleft()
            if node in came:
                continue
            came[node] = by
            if goal(node):
                yield _walked(came, node)
                return
            waiting.extend((step.far, step) for step in self.of(node) if cost(step) == 0)
            dearer.extend((step.far, step) for step in self.of(node) if cost(step) == 1)


def _walked(came: dict[Node, Step | None], goal: Node) -> list[Step]:
    steps = []
    by = came[goal]
    while by is not None:
        steps.append(by)
        by = came[by.near]
    return steps[::-1]
