"""Brings the release here that the server wants to run: fetched, proved, on trial."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pitmark.core.errors import (
    BundleError,
    ConflictError,
    ParityError,
    PitmarkError,
    StorageError,
)
from pitmark.edge.bundle_download import Offer, fetch
from pitmark.edge.durable import write_json_durably
from pitmark.edge.server_link import NoAnswerError, ServerLink
from pitmark.edge.slots import Slots

_REMEMBERED = 16
_SHA = re.compile(r"[0-9a-f]{64}")


class Updater:
    """Asks for the desired release and activates it through the gate of the device.

    A release that the gate refused is not fetched again; one that was taken back on trial
    is remembered by the slots. Nothing here is in the way of verdicts.

    Args:
        link: To the server.
        slots: Of the release that is kept up to date.
        activate: Brings a bundle into use, or raises what it is refused for.
        folder: For what is fetched and remembered.
    """

    def __init__(
        self,
        link: ServerLink,
        slots: Slots,
        activate: Callable[[Path], Any],
        folder: Path,
    ) -> None:
        self._link, self._slots, self._activate = link, slots, activate
        self._folder = folder
        self._file = folder / "refused.json"
        self._refused = self._read()
        self.doing = ""

    def look(self, stop: threading.Event) -> str:
        """Ask once, and do what is to be done.

        Args:
            stop: Set it to end soon.

        Returns:
            What came of it: "nothing offered", "up to date", "on trial", "refused",
            "refused before" or "activated".

        Raises:
            NoAnswerError: The network is away, or was cut.
            StorageError: The disk is full or cannot be read.
        """
        pointer = self._slots.pointer()
        running = pointer.current.sha256 if pointer.current else ""
        offer = self._offered(running)
        if offer is None:
            return self._told("nothing offered")
        if offer.sha256 == running:
            return self._told("up to date")
        if offer.sha256 in (*pointer.refused, *self._refused):
            return self._told("refused before")
        if pointer.trial:
            return self._told("on trial")
        self.doing = f"fetching release {offer.version}"
        try:
            return self._told(self._brought(offer, stop))
        except (NoAnswerError, StorageError) as error:
            self.doing = f"release {offer.version} waits: {error}"
            raise

    def _brought(self, offer: Offer, stop: threading.Event) -> str:
        path = fetch(self._link, offer, self._folder, stop)
        self.doing = f"proving release {offer.version}"
        try:
            self._activate(path)
        except ConflictError:
            return "on trial"
        except (BundleError, ParityError):
            self._remember(offer.sha256)
            return "refused"
        except StorageError:
            raise
        except PitmarkError as error:
            raise StorageError(f"release {offer.version}: {error.message}") from error
        finally:
            path.unlink(missing_ok=True)
        return "activated"

    def _offered(self, running: str) -> Offer | None:
        headers = {"If-None-Match": f'"{running}"'} if running else {}
        answer = self._link.ask("GET", "desired", headers=headers)
        if answer.status == 304:
            return Offer(0, running, 0)
        if answer.status != 200:
            raise NoAnswerError(f"the server answered with status {answer.status}")
        told = answer.json()
        if told.get("version") is None:
            return None
        try:
            found = Offer(int(told["version"]), str(told["sha256"]), int(told["size_bytes"]))
        except (KeyError, TypeError, ValueError) as exc:
            raise NoAnswerError(f"the server offered {told}") from exc
        if not _SHA.fullmatch(found.sha256):
            raise NoAnswerError(f"the server offered {told}")  # It becomes a file's name.
        return found

    def _told(self, outcome: str) -> str:
        self.doing = outcome
        return outcome

    def _remember(self, sha256: str) -> None:
        self._refused = [*self._refused, sha256][-_REMEMBERED:]
        write_json_durably(self._file, {"refused": self._refused})

    def _read(self) -> list[str]:
        try:
            return [str(s) for s in json.loads(self._file.read_bytes())["refused"]]
        except (OSError, ValueError, KeyError, TypeError):
            return []
