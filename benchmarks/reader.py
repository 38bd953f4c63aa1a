"""Who looks whether what was accepted can be queried: for all of it in one query, so as not to be the load itself."""

import asyncio
import time

import httpx

POLL_S = 0.025


class Reader:
    """Asks for the subjects that are awaited, one query at a time; its time and that between two of them counts.

    `columns` of `view` are compared, the subject first.
    """

    def __init__(self, store: httpx.AsyncClient, view: str, columns: str = "subject") -> None:
        self._store = store
        self._sql = f"SELECT {columns} FROM {view} WHERE tenant = 'default' AND subject IN "  # noqa: S608  ours
        self._awaited: dict[tuple[str, ...], asyncio.Future[float]] = {}

    async def seen(self, *row: str) -> float:
        """When a query first gave this row, by the monotonic clock."""
        self._awaited[row] = asyncio.get_running_loop().create_future()
        return await self._awaited[row]

    async def look(self) -> None:
        """Look until cancelled."""
        while True:
            if self._awaited:
                names = ", ".join(sorted({f"'{row[0]}'" for row in self._awaited}))
                answer = await self._store.post(
                    "/", params={"database": "throughline"}, content=f"{self._sql} ({names})"
                )
                now = time.monotonic()
                rows = {tuple(line.split("\t")) for line in answer.raise_for_status().text.splitlines()}
                for row in rows & self._awaited.keys():
                    self._awaited.pop(row).set_result(now)
            await asyncio.sleep(POLL_S)
