"""What becomes of jobs, told to everyone who listens, without a thread for each of them.

One task per organisation looks at the table about twice a second, and only while
somebody listens. Who is slow gets the newest state of each job, not every state.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.concurrency import run_in_threadpool

from pitmark.core.errors import PitmarkError
from pitmark.core.work import ENDED
from pitmark.store.db import Store
from pitmark.store.jobs import JobRow

LOOK_EVERY_S = 0.4
# How soon somebody hears nothing more who was removed, has signed out or whose token was
# revoked.
CHECK_EVERY_S = 10.0

_Key = tuple[asyncio.AbstractEventLoop, str]


class _Listener:
    """The news that one client has not been told yet, the newest of each job.

    `heard` are the jobs that it knows to be alive, as it was told of them last.
    """

    def __init__(self) -> None:
        self.heard: dict[str, JobRow] = {}
        self._news: dict[str, JobRow] = {}
        self._any = asyncio.Event()
        self.failed: PitmarkError | None = None

    def put(self, row: JobRow) -> None:
        """Take note of a job."""
        if self.heard.get(row.id) == row:
            return
        self.hear(row)
        self._news[row.id] = row
        self._any.set()

    def hear(self, row: JobRow) -> None:
        """Take note that the client is told of a job."""
        if row.state in ENDED:
            self.heard.pop(row.id, None)
        else:
            self.heard[row.id] = row

    def tell_first(self, row: JobRow) -> None:
        """Take note that the client is told of a job before any news of it."""
        self.hear(row)
        if self._news.get(row.id) == row:
            del self._news[row.id]

    def fail(self, error: PitmarkError) -> None:
        """There will be no more news."""
        self.failed = error
        self._any.set()

    async def take(self, patience_s: float) -> list[JobRow]:
        """What is new, as soon as there is any; nothing after a while without news."""
        try:
            await asyncio.wait_for(self._any.wait(), patience_s)
        except TimeoutError:
            return []
        self._any.clear()
        news, self._news = list(self._news.values()), {}
        return news


class _Channel:
    """The listeners of an organisation, and the task that looks for them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.listeners: set[_Listener] = set()
        self.task: asyncio.Task[None] | None = None

    async def look(self) -> None:
        """Look at the table again and again, and tell what has changed."""
        last = await run_in_threadpool(self.store.jobs.last_number)
        known: dict[str, JobRow] = {}
        while True:
            try:
                also = set(known).union(*(each.heard for each in self.listeners))
                rows = await run_in_threadpool(self.store.jobs.moving, since=last, also=also)
            except PitmarkError as error:
                for listener in self.listeners:
                    listener.fail(error)
                return
            for row in rows:
                changed = known.get(row.id) != row
                for listener in self.listeners:
                    # What ended before this first look is news to who saw it alive.
                    if changed or (row.id in listener.heard and row.state in ENDED):
                        listener.put(row)
            last = max([last, *(row.number for row in rows)])
            known = {row.id: row for row in rows if row.state not in ENDED}
            await asyncio.sleep(LOOK_EVERY_S)


class JobFeed:
    """The news of the jobs of all organisations.

    Args:
        store_of: Gives the workspace as an organisation sees it.
        check_every_s: How often it is asked whether a listener may still hear; nothing is
            told on an answer that is older.
    """

    def __init__(
        self, store_of: Callable[[str], Store], *, check_every_s: float = CHECK_EVERY_S
    ) -> None:
        self._store_of, self._check_every_s = store_of, check_every_s
        self._channels: dict[_Key, _Channel] = {}

    async def follow_all(
        self, organisation: str, allowed: Callable[[], object]
    ) -> AsyncIterator[JobRow]:
        """Every job of an organisation that goes on, and each change of it; without end.

        Args:
            organisation: Whose jobs.
            allowed: Raises a PitmarkError once the listener may hear no more.

        Yields:
            Jobs, each as it is by then.
        """
        async with self._listening(organisation) as listener:
            store = self._store_of(organisation)
            last = await run_in_threadpool(store.jobs.last_number)
            rows = await run_in_threadpool(store.jobs.moving, since=last)
            for row in rows:
                listener.tell_first(row)
                yield row
            async for row in self._news(listener, allowed):
                yield row

    async def follow(
        self, organisation: str, job: str, allowed: Callable[[], object]
    ) -> AsyncIterator[JobRow]:
        """One job, and each change of it until it has ended.

        Args:
            organisation: Whose job.
            job: Its id.
            allowed: Raises a PitmarkError once the listener may hear no more.

        Yields:
            The job, as it is by then.
        """
        async with self._listening(organisation) as listener:
            store = self._store_of(organisation)
            row = await run_in_threadpool(store.jobs.get, job)
            listener.tell_first(row)
            yield row
            if row.state in ENDED:
                return
            async for row in self._news(listener, allowed):
                if row.id == job:
                    yield row
                    if row.state in ENDED:
                        return

    @asynccontextmanager
    async def _listening(self, organisation: str) -> AsyncIterator[_Listener]:
        key = (asyncio.get_running_loop(), organisation)
        channel = self._channels.get(key)
        # One whose task has ended, such as by a failure of the database, tells nothing more.
        if channel is None or channel.task is None or channel.task.done():
            channel = self._channels[key] = _Channel(self._store_of(organisation))
            channel.task = asyncio.create_task(channel.look())
        listener = _Listener()
        channel.listeners.add(listener)
        try:
            yield listener
        finally:
            channel.listeners.discard(listener)
            if not channel.listeners:
                if self._channels.get(key) is channel:
                    del self._channels[key]
                if channel.task is not None:
                    channel.task.cancel()

    async def _news(
        self, listener: _Listener, allowed: Callable[[], object]
    ) -> AsyncIterator[JobRow]:
        clock = asyncio.get_running_loop().time
        due = clock() + self._check_every_s
        while listener.failed is None:
            news = await listener.take(max(0.0, due - clock()))
            if clock() >= due:
                try:
                    await run_in_threadpool(allowed)
                except PitmarkError:
                    return
                due = clock() + self._check_every_s
            for row in news:
                yield row
