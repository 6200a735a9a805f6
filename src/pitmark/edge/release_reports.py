"""Tells the server what became of releases here, once there is a network, however late.

The record of activations says it, whoever activated: the server, a person, a restart. It
goes before the parts that wait in the outbox, for a rollout to others may hang on it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pitmark.core.errors import StorageError
from pitmark.edge.durable import write_json_durably
from pitmark.edge.server_link import NoAnswerError, ServerLink
from pitmark.edge.slots import Slots

_OUTCOMES = frozenset({"activated", "kept", "refused", "rolled back"})
_TAKEN = frozenset({200, 201, 409})
_REFUSED = frozenset({400, 413, 415, 422})
_MOST_REASON = 2000


class ReleaseReports:
    """Sends new lines of a record of activations.

    A kill before it is remembered repeats a line; the server knows it again by its key.

    Args:
        slots: Of the release.
        file: Remembers how far it has come; its folder is made where it does not exist.
    """

    def __init__(self, slots: Slots, file: Path) -> None:
        self._slots, self._file = slots, file
        self._last = self._told()

    def tell(self, link: ServerLink) -> int:
        """Tell what is new.

        Args:
            link: To the server.

        Returns:
            How many lines.

        Raises:
            NoAnswerError: The server did not take it now.
            StorageError: How far it has come cannot be kept; it is told again.
        """
        lines = [line for line in self._slots.notes() if line.get("outcome") in _OUTCOMES]
        keys = [_key(line) for line in lines]
        # Where the last one told is gone, the record was begun anew.
        first = keys.index(self._last) + 1 if self._last in keys else 0
        new = list(zip(keys, lines, strict=True))[first:]
        for key, line in new:
            body = {"key": key, "release_note": _note(key, line)}
            answer = link.ask("POST", "events", body, {"Idempotency-Key": key})
            if answer.status not in _TAKEN | _REFUSED:
                raise NoAnswerError(f"the server answered with status {answer.status}")
            self._remember(key)
        return len(new)

    def _remember(self, key: str) -> None:
        self._last = key
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise StorageError(f"{self._file} cannot be written: {exc.strerror}") from exc
        write_json_durably(self._file, {"last": key})

    def _told(self) -> str:
        try:
            return str(json.loads(self._file.read_bytes())["last"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""


def _key(line: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(line, sort_keys=True).encode()).hexdigest()[:32]


def _note(key: str, line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "key": key,
        "at": line.get("at"),
        "outcome": line["outcome"],
        "version": line.get("version"),
        "sha256": line.get("sha256"),
        "to": line.get("to"),
        "on_trial": bool(line.get("on_trial", False)),
        "reason": str(line.get("reason", ""))[:_MOST_REASON],
    }
