"""Slows down who tries passwords: so many wrong ones in a while, then a pause.

An attempt counts from its beginning, so that many at once are no way around the limit.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from fastapi import Request

from pitmark.core.errors import (
    NotAllowedError,
    NotFoundError,
    NotSignedInError,
    TooManyError,
)
from pitmark.store.persons import plain_email

_MOST_KEYS = 10_000


class Attempts:
    """Failures of the last while, by what they have in common; kept in memory only.

    Args:
        most: How many failures are let through.
        within_s: In which time.
        clock: Seconds that only grow.
    """

    def __init__(
        self, most: int, within_s: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._within_s, self._clock = most, within_s, clock
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, key: str) -> float:
        """Begin an attempt, which counts as failed until it is taken back.

        Args:
            key: What the attempts have in common.

        Returns:
            The moment, to take it back with.

        Raises:
            TooManyError: Too many failed before it; with the time to wait.
        """
        with self._lock:
            failed, moment = self._recent(key), self._clock()
            if len(failed) < self._most:
                failed.append(moment)
                self._failed.move_to_end(key)
                while len(self._failed) > _MOST_KEYS:
                    self._failed.popitem(last=False)
                return moment
            wait_s = failed[0] + self._within_s - moment
        raise TooManyError(
            "too many attempts to sign in",
            hint=f"Wait for {max(1, round(wait_s / 60))} min and try again.",
        )

    def take_back(self, key: str, moment: float) -> None:
        """Let an attempt not count, for it did not fail by a wrong password.

        Args:
            key: What the attempts have in common.
            moment: When it began.
        """
        with self._lock:
            failed = self._recent(key)
            if moment in failed:
                failed.remove(moment)

    def forget(self, key: str) -> None:
        """Start anew after a success.

        Args:
            key: What the attempts have in common.
        """
        with self._lock:
            self._failed.pop(key, None)

    def _recent(self, key: str) -> deque[float]:
        failed = self._failed.setdefault(key, deque())
        while failed and failed[0] <= self._clock() - self._within_s:
            failed.popleft()
        return failed


class Attempt:
    """Counts what goes wrong inside, per address and name, and refuses too many.

    Args:
        request: Of whoever tries.
        name: Whom or what it is tried for, such as an email.
    """

    def __init__(self, request: Request, name: str) -> None:
        self._state = request.app.state
        self._address = request.client.host if request.client else ""
        self._key = f"{plain_email(name)} {self._address}"

    def __enter__(self) -> None:
        self._began = self._state.attempts.begin(self._key)
        self._began_there = self._state.attempts_by_address.begin(self._address)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, NotSignedInError | NotAllowedError | NotFoundError):
            return
        self._state.attempts_by_address.take_back(self._address, self._began_there)
        self._state.attempts.take_back(self._key, self._began)
        if error is None:
            self._state.attempts.forget(self._key)
