"""Whether the process that does a training run is still alive.

A lock on a file, held by the process and freed by the operating system when it ends,
however it ends. Unlike a process number it cannot be mistaken for another process.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import IO
from weakref import WeakSet

from pitmark.core.errors import ConflictError, StorageError

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes], *, shared: bool) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(file: IO[bytes], *, shared: bool) -> bool:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


# A look from another process holds the lock for an instant.
_ATTEMPTS = 20
_PAUSE_S = 0.02


class RunLocks:
    """The locks that this process holds on the runs of one project.

    Args:
        folder: Where the lock files are; made when the first lock is taken.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, IO[bytes]] = {}
        self._guard = threading.Lock()
        _alive.add(self)

    def take(self, run_id: str) -> None:
        """Take the lock of a run.

        Args:
            run_id: The run.

        Raises:
            ConflictError: Somebody holds it.
            StorageError: The folder cannot be written.
        """
        with self._guard:
            if run_id in self._held:
                raise ConflictError(f"run {run_id} is being worked on by this process")
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                file = self._path(run_id).open("ab")
            except OSError as exc:
                raise StorageError(
                    f"the folder {self._folder} cannot be written: {exc.strerror}",
                    hint="Check free space and write permission.",
                ) from exc
            for _ in range(_ATTEMPTS):
                if _try_lock(file, shared=False):
                    self._held[run_id] = file
                    return
                time.sleep(_PAUSE_S)
            file.close()
        raise ConflictError(
            f"run {run_id} is being worked on by another process",
            hint="Wait until it ends, or stop it and resume the run.",
        )

    def held(self, run_id: str) -> bool:
        """Whether a living process, this one or another, works on a run.

        Args:
            run_id: The run.

        Returns:
            True while its lock is held.
        """
        if run_id in self._held:
            return True
        try:
            with self._path(run_id).open("rb") as file:
                return not _try_lock(file, shared=True)
        except OSError:
            return False

    def mine(self, run_id: str) -> bool:
        """Whether this process works on a run.

        Args:
            run_id: The run.

        Returns:
            True while this process holds the lock.
        """
        return run_id in self._held

    def release(self, run_id: str) -> None:
        """Let go of a run, if it is held here.

        Args:
            run_id: The run.
        """
        with self._guard:
            file = self._held.pop(run_id, None)
            if file is not None:
                # The file stays: removing it would race with whoever opens it now.
                file.close()

    def release_all(self) -> None:
        """Let go of all runs."""
        for run_id in list(self._held):
            self.release(run_id)

    def forget(self) -> None:
        """In a forked child: close the inherited files, or they would hold the locks."""
        for file in self._held.values():
            file.close()
        self._held.clear()

    def _path(self, run_id: str) -> Path:
        return self._folder / f"{run_id}.lock"


_alive: WeakSet[RunLocks] = WeakSet()


def _after_fork() -> None:
    for locks in list(_alive):
        locks.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
