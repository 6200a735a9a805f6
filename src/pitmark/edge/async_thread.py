"""An event loop in a thread of its own, for transports whose libraries want one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class AsyncThread:
    """Runs coroutines for callers in other threads.

    Args:
        name: Of the thread.
    """

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], *, timeout_s: float = 30.0) -> T:
        """Run a coroutine to its end.

        Args:
            work: The coroutine.
            timeout_s: How long to wait.

        Returns:
            Its result.

        Raises:
            TimeoutError: It took longer.
        """
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout_s)

    def stop(self) -> None:
        """End the loop and its thread; what still runs in it is dropped."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=10)
        self.loop.close()
