"""One shard: the evidence of one partition, in runs, into its store, and out as rows.

A run in this order: pending -> resolve -> emit, and all of it in Kafka -> writes, position and no pending in one batch
-> allow the commit. A run that was pending when the process died is the same run again, so equal versions are equal
rows.
"""

from collections import deque
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from schemas.evidence import Evidence, shard_of
from schemas.identity import Rules
from schemas.telemetry import logger
from stream_processors.resolver import fill
from stream_processors.resolver.begin import Begin, State, version_of
from stream_processors.resolver.configured import rules_fact
from stream_processors.resolver.contract import Resolution
from stream_processors.resolver.emitter import Batch
from stream_processors.resolver.graph import Graph, read_rules
from stream_processors.resolver.records import Record, cut, read
from stream_processors.resolver.tools import Tools
from stream_processors.resolver.undone import Undone
from stream_processors.transport import Run

_PIECE: Final = 1 << 20  # bytes of rows sent at once when all are written again


class Shard:
    """From an assignment to the next one. Used by one thread.

    Attributes:
        graph: its store.
        is_settled: all rows stand in Kafka under its generation.
    """

    def __init__(self, at: tuple[str, int], tools: Tools, topic_id: UUID, begin: Begin, end: int) -> None:
        """`end`: of the partition, as of the assignment: so far it catches up in silence."""
        self._at = at
        self._tools = tools
        self._topic_id = topic_id
        self._begin = begin
        self._end = end
        self.graph = tools.graphs.of(at)
        self.is_settled = begin.resumes
        self._is_compared = False
        self._position = begin.offset
        self._pending = self.graph.state.pending if begin.resumes else None
        self._waiting: deque[Record] = deque()
        self._runs: deque[Run] = deque()
        self._latest = 0
        self._log = logger(topic=at[0], partition=at[1])

    @property
    def rules(self) -> Rules:
        """The rules in force."""
        return self.graph.rules or Rules()

    def add(self, run: Run) -> None:
        """Records that have arrived."""
        self._runs.append(run)
        for message in run.records:
            record = read(message)
            if record.fact is None:
                self._skip(record.offset)
            self._waiting.append(record)

    def step(self) -> bool:
        """Do one run, or write all rows again when it has caught up. False: there was nothing to do, or no time."""
        if not self.is_settled and self._position >= self._end:
            return self._settle()
        if self.is_settled and not (self._is_compared or self._compare_rules()):
            return False
        run = cut(self._waiting, self._tools.limits, self._pending, None if self.is_settled else self._end)
        return bool(run) and self._take(run)

    def _take(self, run: list[Record]) -> bool:
        facts = [record.fact for record in run if record.fact is not None]
        if self.is_settled and self._pending is None:
            self._pending = run[-1].offset
            self.graph.note(replace(self.graph.state, pending=self._pending))
        if facts and facts[0].fact == "rules":
            return self._change_rules(facts[0], run)
        return self._resolve(facts, run)

    def _resolve(self, facts: list[Evidence], run: list[Record]) -> bool:
        tools, last = self._tools, run[-1]
        version = version_of(self._begin.generation, last.offset)
        quiet = not self.is_settled
        done = tools.core.resolve(facts, self.graph, self.rules, version=version, at=last.at, quiet=quiet)
        batch = Batch()
        batch.add(tools.topics, done)
        if not tools.emitter.emit(batch):
            return False
        self.graph.write(done.writes, self._after(last, self.graph.state.profiles + done.profiles_delta))
        self._finish(run)
        self._log.debug("run_resolved", facts=len(facts), position=self._position)
        if not quiet:
            self._count(done)
        return True

    def _change_rules(self, fact: Evidence, run: list[Record]) -> bool:
        """Judge everything again under new rules, beside the store in force; then exchange the two."""
        tools, last = self._tools, run[-1]
        try:
            rules = read_rules(fact.rules)
        except (KeyError, TypeError, ValueError):
            self._skip(last.offset)
            return self._pass(run)
        if rules == self.rules:
            self.graph.put_rules(bytes(fact.rules))
            return self._pass(run)
        self._log.info("rules_change_began", offset=last.offset)
        fresh = tools.graphs.fresh(self._at)
        is_done = False
        try:
            fresh.graph.put_rules(bytes(fact.rules))
            count = fill.fill(fresh.graph, tools.core.facts_of(self.graph), tools.core, tools.halt)
            version = version_of(self._begin.generation, last.offset)
            is_done = count is not None and (
                not self.is_settled or self._emit_change(fact, fresh.graph, version=version, at=last.at)
            )
        finally:
            if not is_done:
                tools.graphs.discard(fresh)
        if is_done:
            self.graph = tools.graphs.install(self._at, fresh, self._after(last, count or 0))
            self._finish(run)
            self._log.info("rules_changed", offset=last.offset)
        return is_done

    def _emit_change(self, fact: Evidence, graph: Graph, *, version: int, at: int) -> bool:
        """Every row under the new rules, what has become of profiles that are none any more, and that it was done."""
        core, batch, undone = self._tools.core, Batch(), Undone()
        if not self._emit_all(graph, version=version, at=at, undone=undone):
            return False
        rules = graph.rules or Rules()
        before = core.everything(self.graph, self.rules, version=version, at=at)
        after = core.everything(graph, rules, version=version, at=at)
        told = core.resolve([fact], graph, rules, version=version, at=at)
        batch.add(self._tools.topics, told)
        batch.add(self._tools.topics, Resolution(profiles=list(undone.records(before, after, version))))
        return not self._tools.halt.is_over and self._tools.emitter.emit(batch)

    def _settle(self) -> bool:
        """Write every row under the new generation."""
        version, undone = version_of(self._begin.generation, self._end - 1), Undone()
        if not self._emit_all(self.graph, version=version, at=self._latest, undone=undone):
            return False
        if not (self._take_back(undone, version) and self._compare_rules()):
            return False
        self.is_settled = True
        self.graph.note(self._state(self._position, self.graph.state.profiles))
        self._log.info("shard_settled", generation=self._begin.generation, position=self._position)
        return True

    def _take_back(self, undone: Undone, version: int) -> bool:
        """Correct the records of profiles that only an earlier generation knew: a lost store cannot name them."""
        tools, shards = self._tools, self._tools.shards()
        for records in tools.told():
            if tools.halt.is_over:
                return False
            undone.found(records, lambda tenant: shard_of(tenant, shards) == self._at[1])
        batch, standing = Batch(), undone.standing
        if standing.profiles:
            after = tools.core.everything(self.graph, self.rules, version=version, at=self._latest)
            batch.add(tools.topics, Resolution(profiles=list(undone.records([standing], after, version))))
        return tools.emitter.emit(batch)

    def _emit_all(self, graph: Graph, *, version: int, at: int, undone: Undone | None = None) -> bool:
        tools, batch = self._tools, Batch()
        rules = graph.rules or Rules()
        for piece in tools.core.everything(graph, rules, version=version, at=at):
            batch.add(tools.topics, piece)
            if undone is not None:
                undone.note(piece)
            if batch.size >= _PIECE:
                if tools.halt.is_over or not tools.emitter.emit(batch):
                    return False
                batch = Batch()
        return not tools.halt.is_over and tools.emitter.emit(batch)

    def _compare_rules(self) -> bool:
        """At the first start of all the rules of the configuration are made known; later they only may differ."""
        configured, state = self._tools.configured, self.graph.state
        self._is_compared = True
        if configured == self.rules:
            return True
        if state.settled or self.graph.rules is not None:
            self._log.warning("rules_differed", hint="`throughline identity apply` puts the configured ones in force")
            return True
        fact = rules_fact(configured)
        key = str(fact.fact_id).encode()
        self._is_compared = self._tools.emitter.publish(
            self._tools.topics.evidence, [(self._at[1], key, fact.encode())]
        )
        return self._is_compared

    def _pass(self, run: list[Record]) -> bool:
        """Nothing changes but the position."""
        self.graph.write({}, self._after(run[-1], self.graph.state.profiles))
        self._finish(run)
        return True

    def _after(self, last: Record, profiles: int) -> State:
        return self._state(last.offset + 1, profiles)

    def _state(self, position: int, profiles: int) -> State:
        """Once `position` is reached."""
        return State(
            generation=self._begin.generation,
            settled=self._begin.generation if self.is_settled else self.graph.state.settled,
            topic_id=self._topic_id,
            position=position,
            profiles=profiles,
        )

    def _finish(self, run: list[Record]) -> None:
        """Allow the commit of all that is in the store."""
        self._position, self._latest = run[-1].offset + 1, run[-1].at
        self._pending = None
        for _ in run:
            self._waiting.popleft()
        while self._runs and self._runs[0].end <= self._position:
            self._runs.popleft().finish()

    def _count(self, done: Resolution) -> None:
        metrics = self._tools.metrics
        for outcome, count in done.links.items():
            metrics.identity_links.labels(outcome).inc(count)
        for rule, count in done.refused.items():
            metrics.identity_refused.labels(rule).inc(count)
        metrics.identity_merges.inc(done.merges)

    def _skip(self, offset: int) -> None:
        """What cannot be read changes nothing; the sink rejects its row, and keeps it."""
        self._tools.metrics.identity_unreadable.inc()
        self._log.error("evidence_not_read", offset=offset)
