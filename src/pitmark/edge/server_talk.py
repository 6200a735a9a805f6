"""What a device tells its server of itself, and asks of it, every minute or so."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from typing import Any

from pitmark.core.errors import PitmarkError
from pitmark.edge.delivery import Backoff
from pitmark.edge.guarded import MISHAPS
from pitmark.edge.release_reports import ReleaseReports
from pitmark.edge.server_link import NoAnswerError, ServerLink
from pitmark.edge.updating import Updater

_JITTER = 0.5


class ServerTalk:
    """Tells the state of the device, and keeps its release up to date where it may.

    Args:
        link: To the server, for this alone.
        state: Gives the state as plain JSON types.
        every_s: Seconds between two turns, more or less, so that a fleet does not come at
            once.
        reports: Tells what became of releases; None for a device that has none to tell.
        updater: Keeps the release up to date; None for a device that is updated by hand.
    """

    def __init__(
        self,
        link: ServerLink,
        state: Callable[[], Mapping[str, Any]],
        every_s: float,
        *,
        reports: ReleaseReports | None = None,
        updater: Updater | None = None,
    ) -> None:
        self._link, self._state, self._every_s = link, state, every_s
        self._reports, self._updater = reports, updater
        self._backoff = Backoff(first_s=every_s, longest_s=max(every_s, 600.0))
        self._failures = 0
        self.trouble = ""

    def status(self) -> dict[str, Any]:
        """How it goes, as plain JSON types."""
        doing = self._updater.doing if self._updater else ""
        return {"update": doing, "trouble": self.trouble}

    def run(self, stop: threading.Event) -> None:
        """Tell and ask until told to stop.

        Args:
            stop: Set it to end soon.
        """
        while not stop.is_set():
            self.turn(stop)
            if self._failures:
                stop.wait(self._backoff.wait_s(self._failures))
            else:
                stop.wait(self._every_s * random.uniform(1 - _JITTER, 1 + _JITTER))

    def turn(self, stop: threading.Event) -> None:
        """Tell and ask once; what fails is tried again the next time.

        Args:
            stop: Set it to end soon.
        """
        try:
            self._tell()
            if self._updater is not None:
                changed = self._updater.look(stop)
                if changed in ("activated", "refused"):
                    self._tell()
        except (NoAnswerError, PitmarkError, *MISHAPS) as error:
            self._failures += 1
            self.trouble = str(error)
        else:
            self._failures, self.trouble = 0, ""

    def _tell(self) -> None:
        # What became of a release first: the state that follows is the newer word.
        if self._reports is not None:
            self._reports.tell(self._link)
        answer = self._link.ask("PUT", "state", self._state())
        if answer.status == 401:
            raise NoAnswerError("the server does not know the key of this device")
        if answer.status >= 300:
            raise NoAnswerError(f"the server answered with status {answer.status}")
