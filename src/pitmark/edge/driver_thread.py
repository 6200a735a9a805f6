"""A driver of somebody else in a thread of its own: it may fail in any way, or never return."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, TypeVar

from pitmark.core.errors import NotFoundError, PitmarkError

T = TypeVar("T")


class DriverThread:
    """Calls a driver, always in the same thread, and waits for it no longer than told.

    Args:
        name: What the driver is for, such as "the camera top".
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: queue.SimpleQueue[_Call[Any] | None] = queue.SimpleQueue()
        self._last: _Call[Any] | None = None
        self._thread: threading.Thread | None = None

    @property
    def hangs(self) -> bool:
        """Whether the last call has not come back."""
        return self._last is not None and not self._last.done.is_set()

    def call(self, work: Callable[[], T], timeout_s: float) -> T:
        """Have the driver do something; for one caller at a time.

        Args:
            work: Calls the driver.
            timeout_s: How long to wait for it.

        Returns:
            What it returned.

        Raises:
            NotFoundError: The driver failed, whatever it raised; or it did not come back in
                time, now or from the call before.
            PitmarkError: The work raised it.
        """
        if self.hangs:
            raise NotFoundError(
                f"{self._name}: its driver has not come back from the last call",
                hint="Take its cable out and in again; if that does not help, restart.",
            )
        call = _Call(work)
        self._last = call
        if self._thread is None:
            # A daemon: a driver that hangs must not keep the device from ending.
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
        self._calls.put(call)
        if not call.done.wait(timeout_s):
            raise NotFoundError(
                f"{self._name}: its driver did not come back within {timeout_s:g} s",
                hint="Look at the camera, its cable and its driver.",
            )
        return call.result(self._name)

    def end(self) -> None:
        """Let the thread go, as soon as the driver has come back."""
        self._calls.put(None)
        self._thread = None

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            with call:
                call.value = call.work()


class _Call(Generic[T]):
    """One call, and what became of it: whatever is raised inside belongs to the caller."""

    def __init__(self, work: Callable[[], T]) -> None:
        self.work, self.done = work, threading.Event()
        self.value: T | None = None
        self._error: BaseException | None = None

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Keep what was raised: libraries of cameras have errors of their own, by the dozen."""
        self._error = error
        self.done.set()
        return True

    def result(self, name: str) -> T:
        error = self._error
        if isinstance(error, PitmarkError):
            raise error
        if error is not None:
            raise NotFoundError(
                f"{name}: its driver failed: {type(error).__name__}: {error}",
                hint="Look at the camera, its cable and its driver.",
            ) from error
        return self.value  # type: ignore[return-value]
