"""Statements on the engine: in threads, beside one another, stopped when their client leaves."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from throughline.gateway.asked import Asked
from throughline.gateway.body import Body, ClientLeftError
from throughline.gateway.engine import Block, Connection, Engine, Stream
from throughline.gateway.external import External, load
from throughline.gateway.greeting import greeting, greets
from throughline.gateway.house import READER
from throughline.gateway.leases import Lease, Leases
from throughline.gateway.refusal import RefusedError
from throughline.gateway.reply import Reply, content_type, result_counts, summary
from throughline.gateway.rows import Rows, from_file
from throughline.gateway.spares import Spares
from throughline.gateway.statement import READING, Statement

QUERIES: Final = 16  # statements at once; more wait
INSERTS: Final = 16  # inserts at once, beside them: a heavy query never holds them up
BUFFER: Final = 1 << 20  # bytes of a result that are read before its head is sent: small ones have all counts in it
KILL_AGAIN_S: Final = 0.2
# formats whose blocks may follow one another; the others have a beginning or an end and are answered whole
_STREAMED: Final = frozenset({
    "Native", "RowBinary", "TabSeparated", "TSV", "TabSeparatedRaw", "TSVRaw", "CSV", "LineAsString", "MsgPack",
    "JSONEachRow", "JSONLines", "NDJSON", "JSONCompactEachRow", "JSONStringsEachRow", "JSONCompactStringsEachRow",
})  # fmt: skip

T = TypeVar("T")
Finish = Callable[[], Awaitable[None]]  # sends the end of an answer, when its connection is free again: the next
# request of a session comes at once


@dataclass(frozen=True, slots=True)
class Job:
    """A statement and what it needs; `mark` is its name in the engine."""

    statement: Statement
    asked: Asked
    user: str
    mark: str
    files: Sequence[External]


class Runner:
    """Runs jobs."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._spares = Spares(engine.open)
        self._leases = Leases(self._spares.take)
        self._endings: set[asyncio.Task[None]] = set()
        self._threads = ThreadPoolExecutor(QUERIES + INSERTS + 2, thread_name_prefix="engine")
        self._queries = asyncio.Semaphore(QUERIES)
        self._inserts = asyncio.Semaphore(INSERTS)
        self._running = 0

    async def query(self, job: Job, body: Body, reply: Reply) -> None:
        """Run a statement and send its result.

        Raises:
            ClientLeftError: the client left; the statement was stopped.
            Exception: what the engine refuses.
        """

        async def work(lease: Lease) -> Finish:
            return await self._attended(self._result(lease, job, reply), body, job.mark)

        async with self._queries:
            finish = await self._leased(job, work)
        await finish()

    async def insert(self, job: Job, first: bytes, body: Body, reply: Reply) -> None:
        """Run an INSERT, whose data is `first` and then the body, and say what it wrote.

        Raises:
            ClientLeftError: the client left before its data was whole; nothing more was written.
            Exception: what the engine refuses.
        """
        if job.statement.selects:  # the engine would take it, without the data
            raise RefusedError(48, "NOT_IMPLEMENTED", "INSERT SELECT with data for input() is not supported here")

        async def work(lease: Lease) -> Finish:
            await self._thread(self._prepare, lease, job)
            return await self._insert(lease.connection, job, first, body, reply)

        async with self._inserts:
            finish = await self._leased(job, work)
        await finish()

    async def _leased(self, job: Job, work: Callable[[Lease], Awaitable[Finish]]) -> Finish:
        lease = self._leases.take(job.user, job.asked.options)
        self._running += 1
        try:
            return await work(lease)
        finally:
            ending = asyncio.create_task(self._returned(lease, job))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)
            if lease.session is not None:  # else nobody waits for the end of what nobody uses again
                await asyncio.shield(ending)

    def _prepare(self, lease: Lease, job: Job) -> None:
        lease.prepare(job.asked, job.mark, reader=job.user == READER, insert=job.statement.data is not None)
        for table in job.files:
            load(lease.connection, table, self._rows())

    async def _returned(self, lease: Lease, job: Job) -> None:
        try:
            if lease.session is None:
                await self._thread(self._replaced, lease)
            else:
                await self._thread(lease.restore)
                self._leases.give(lease, job.asked.options)
        finally:
            self._running -= 1

    def _replaced(self, lease: Lease) -> None:
        """Close a connection that has served, and have another one ready."""
        lease.close()
        with suppress(Exception):  # the engine has no memory left: who needs one is told
            self._spares.refill()

    async def _thread(self, call: Callable[..., T], *args: object) -> T:
        """Call in a thread. Cancelled, it still waits for the end: a connection is never closed under a statement."""
        future = asyncio.get_running_loop().run_in_executor(self._threads, call, *args)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait({future})
            raise

    async def _attended(self, work: Coroutine[None, None, T], body: Body, mark: str) -> T:
        """Await the work while the client is there; stop the statement when it is not."""
        task, gone = asyncio.ensure_future(work), asyncio.ensure_future(body.left())
        try:
            await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            if not task.done():
                await self._stopped(task, mark)
        if task.cancelled():
            raise ClientLeftError
        return task.result()

    async def _stopped(self, task: "asyncio.Task[T]", mark: str) -> None:
        """Kill until the statement has ended: it may not have begun yet."""
        while not task.done():
            with suppress(Exception):  # the engine may be busy; there is a next time
                await self._thread(self.engine.kill, mark)
            await asyncio.wait({task}, timeout=KILL_AGAIN_S)
        with suppress(Exception):
            task.result()
        raise ClientLeftError

    async def _result(self, lease: Lease, job: Job, reply: Reply) -> Finish:
        began = time.perf_counter_ns()
        statement, format_ = job.statement, job.statement.format or job.asked.format
        heads = {"X-ClickHouse-Format": format_, "Content-Type": content_type(format_)}
        if greets(job.asked.options, statement, format_):
            await self._thread(self._prepare, lease, job)
            body = greeting(self.engine.name, self.engine.version, self.engine.zone)
            return partial(reply.whole, body, {**heads, "X-ClickHouse-Summary": summary(began, {})})
        if statement.streams and format_ in _STREAMED and not job.asked.flag("wait_end_of_query"):
            return await self._streamed(lease, job, reply, heads, began)
        block = await self._thread(self._block, lease, job, format_)
        if statement.verb not in READING - {"SET", "USE"}:
            heads = {"Content-Type": content_type("")}
        heads["X-ClickHouse-Summary"] = summary(began, result_counts(block))
        return partial(reply.whole, block.bytes(), heads)

    def _block(self, lease: Lease, job: Job, format_: str) -> Block:
        self._prepare(lease, job)
        return lease.connection.query(job.statement.sql, format_, job.asked.parameters)

    def _blocks(self, lease: Lease, job: Job, format_: str, opened: list[Stream]) -> list[Block]:
        """The first blocks of a result; `opened` has its stream if more may follow."""
        self._prepare(lease, job)
        opened.append(lease.connection.send_query(job.statement.sql, format_, job.asked.parameters))
        held, whole = _buffered(opened[0])
        if whole:
            opened.pop().close()
        return held

    async def _streamed(self, lease: Lease, job: Job, reply: Reply, heads: dict[str, str], began: int) -> Finish:
        """Block by block; a result that fits the buffer goes out whole, with its counts and its length."""
        format_ = job.statement.format or job.asked.format
        opened: list[Stream] = []
        try:
            held = await self._thread(self._blocks, lease, job, format_, opened)
            heads = {**heads, "X-ClickHouse-Summary": summary(began, result_counts(*held))}
            data = b"".join(block.bytes() for block in held)
            if not opened:
                return partial(reply.whole, data, heads)
            await reply.begin(heads)
            await reply.piece(data)
            del held, data
            while (block := await self._thread(next, opened[0], None)) is not None:
                await reply.piece(block.bytes())
            return reply.end
        finally:
            if opened:
                await asyncio.shield(self._thread(opened[0].close))

    async def _insert(self, connection: Connection, job: Job, first: bytes, body: Body, reply: Reply) -> Finish:
        began = time.perf_counter_ns()
        with self._rows() as rows:
            if first:
                await self._thread(rows.add, first)
            async for piece in body.pieces():
                await self._thread(rows.add, piece)
            block = await self._thread(connection.query, from_file(job.statement, rows.path), "Null")
        heads = {"Content-Type": content_type(""), "X-ClickHouse-Summary": summary(began, result_counts(block))}
        return partial(reply.whole, b"", heads)

    def _rows(self) -> Rows:
        return Rows(self.engine.folder, self.engine.free_disk)

    async def close(self) -> None:
        """End all sessions and threads, then the engine, when the last job has ended."""
        while self._running:  # noqa: ASYNC110  at the end of the process alone
            await asyncio.sleep(0.05)
        self._leases.close()
        await self._thread(self._spares.close)
        await self._thread(self.engine.close)
        self._threads.shutdown()


def _buffered(stream: Stream) -> tuple[list[Block], bool]:
    """The first blocks, up to BUFFER bytes, and whether that is all."""
    held: list[Block] = []
    size = 0
    while size < BUFFER:
        block = next(stream, None)
        if block is None:
            return held, True
        held.append(block)
        size += len(block.bytes())
    return held, False
