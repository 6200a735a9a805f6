"""The engine of one machine: a process per attempt, started by the server.

The table of jobs is the truth; the engine only remembers which processes it started. So
a server that was killed loses nothing: its workers go on and publish what they have, and
the next server finds them in the table. Whoever gives no sign of life any more is
replaced, and its token is worth nothing from then on.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pitmark.core.errors import ConflictError, NotFoundError, StorageError
from pitmark.core.work import Hold, Running, Work
from pitmark.engine.processes import Child, attempt_name, end_worker, is_gone, start_worker
from pitmark.engine.protocol import JobQueue
from pitmark.engine.worker import OVERDUE


@dataclass(frozen=True, slots=True)
class LocalLimits:
    """What a local engine may use, and how patient it is.

    Attributes:
        heavy: Heavy jobs at once.
        light: Light jobs at once, beside them.
        grace_s: Seconds a job has to stop by itself before its process is ended.
        silent_s: Seconds without a sign of life after which an attempt is replaced.
        look_every_s: Seconds between two looks at the queue while there is work.
        idle_s: Seconds between two looks while there is none.
    """

    heavy: int = 1
    light: int = 2
    grace_s: float = 10.0
    silent_s: float = 30.0
    look_every_s: float = 0.25
    idle_s: float = 1.0


@dataclass(slots=True)
class _Watched:
    """What the engine has seen of an attempt, by a clock that nobody can set."""

    seen: datetime
    since: float
    stop_since: float | None = None


class LocalEngine:
    """Does jobs in processes of this machine.

    Args:
        queue: The table of jobs.
        command: Starts a worker, which reads its attempt as JSON from its input.
        logs: Folder for what workers write to their error output.
        limits: How much at once, and how patient.
    """

    def __init__(
        self,
        queue: JobQueue,
        command: Sequence[str],
        *,
        logs: Path,
        limits: LocalLimits | None = None,
    ) -> None:
        self._queue, self._command, self._logs = queue, tuple(command), logs
        self._limits = limits or LocalLimits()
        self._host = socket.gethostname()[:255]
        self._children: dict[Hold, Child] = {}
        self._watched: dict[Hold, _Watched] = {}
        self._wake, self._over = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to take jobs, in a thread."""
        if self._thread is None:
            self._over.clear()
            self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Look at the queue at once."""
        self._wake.set()

    def stop(self) -> None:
        """Take no more jobs; end the processes started here and put their jobs back."""
        self._over.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        for hold, child in self._children.items():
            child.end()
            with suppress(ConflictError, NotFoundError, StorageError):
                self._queue.give_back(hold)
        self._children.clear()

    def _run(self) -> None:
        while not self._over.is_set():
            busy = True
            # A table that is busy or full is looked at again; nothing is lost meanwhile.
            with suppress(StorageError):
                busy = self.look()
            self._wake.wait(self._limits.look_every_s if busy else self._limits.idle_s)
            self._wake.clear()

    def look(self) -> bool:
        """Once over the queue: see who lives, end what must end, start what may start.

        Returns:
            Whether anything runs.
        """
        running = self._queue.running()
        going = [r for r in running if self._goes_on(r)]
        known = {r.hold for r in going}
        self._forget(known)
        busy = {light: sum(r.light is light for r in going) for light in (False, True)}
        for light, most in ((True, self._limits.light), (False, self._limits.heavy)):
            for _ in range(most - busy[light]):
                work = self._queue.claim(light=light)
                if work is None:
                    break
                self._launch(work)
                known.add(work.hold)
        return bool(known)

    def _launch(self, work: Work) -> None:
        log = self._logs / f"{work.organisation}-{work.id}-{work.attempt}.log"
        try:
            self._children[work.hold] = start_worker(self._command, work, log)
        except OSError as exc:
            with suppress(ConflictError, NotFoundError):
                self._queue.lost(work.hold, f"no process could be started: {exc.strerror}")

    def _goes_on(self, running: Running) -> bool:
        """Whether an attempt is alive and may stay so; ends it otherwise."""
        why = self._dead(running)
        if why is not None:
            self._end(running)
            with suppress(ConflictError, NotFoundError):
                self._queue.lost(running.hold, why)
            return False
        if not self._must_end(running):
            return True
        self._end(running)
        with suppress(ConflictError, NotFoundError):
            if running.cancel:
                self._queue.stopped(running.hold)
            else:
                self._queue.fail(running.hold, OVERDUE)
        return False

    def _dead(self, running: Running) -> str | None:
        """Why an attempt must be taken for dead; None while it is alive."""
        child = self._children.get(running.hold)
        ended = None if child is None else child.ended()
        if ended is not None:
            return ended
        if child is None and self._is_here(running):
            name = attempt_name(running.hold, running.attempt)
            if is_gone(running.pid or 0, name):
                return "its process is gone"
        watched = self._watched.setdefault(
            running.hold, _Watched(running.seen, time.monotonic())
        )
        if watched.seen != running.seen:
            watched.seen, watched.since = running.seen, time.monotonic()
        silent = time.monotonic() - watched.since
        if silent > self._limits.silent_s:
            return f"it gave no sign of life for {silent:.0f} s"
        return None

    def _must_end(self, running: Running) -> bool:
        """Whether an attempt should have ended by now, a time of grace included."""
        watched = self._watched[running.hold]
        overdue = running.deadline is not None and running.deadline < datetime.now(UTC)
        if not (running.cancel or overdue):
            return False
        if watched.stop_since is None:
            watched.stop_since = time.monotonic()
        return time.monotonic() - watched.stop_since > self._limits.grace_s

    def _is_here(self, running: Running) -> bool:
        return running.host == self._host and running.pid is not None

    def _end(self, running: Running) -> None:
        child = self._children.get(running.hold)
        if child is not None:
            child.end()
        elif self._is_here(running):
            end_worker(running.pid or 0, attempt_name(running.hold, running.attempt))

    def _forget(self, going: set[Hold]) -> None:
        """Let go of processes whose attempt has ended."""
        for hold in [h for h in self._children if h not in going]:
            child = self._children[hold]
            # It has published and is on its way out, or another attempt has replaced it.
            if child.ended() is None and self._still_leaving(hold):
                continue
            child.end()
            del self._children[hold]
        self._watched = {
            h: w for h, w in self._watched.items() if h in going or h in self._children
        }

    def _still_leaving(self, hold: Hold) -> bool:
        watched = self._watched.setdefault(hold, _Watched(datetime.now(UTC), time.monotonic()))
        if watched.stop_since is None:
            watched.stop_since = time.monotonic()
        return time.monotonic() - watched.stop_since <= self._limits.grace_s
