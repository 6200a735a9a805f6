"""Where a device keeps a release: two slots, and a pointer that says which one runs.

    slots/main/a.pitmark  b.pitmark     one runs, the other is the one before, or the next
    slots/main/pointer.json             which, with what precision and how many threads
    slots/main/activations.jsonl        every attempt with its outcome and the reason

A new release is written to the slot that does not run; then the pointer is replaced in one
step. Killed at any moment, the device starts with the old release or with the new one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pitmark.core.errors import BundleError, InvalidInputError, StorageError
from pitmark.edge.bundle_file import Bundle, read_bundle
from pitmark.edge.choice import Precision
from pitmark.edge.durable import make_folder, write_durably, write_json_durably
from pitmark.edge.signing import PublicKey

_POINTER = "pointer.json"
_JOURNAL = "activations.jsonl"
_SLOTS = ("a", "b")
_MAX_JOURNAL_BYTES = 1_000_000
Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Held:
    """A release in a slot, and how this device runs it."""

    slot: str
    sha256: str
    project: str
    version: int
    precision: Precision
    threads: int


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which release runs, and which ran before.

    `trial` says that it must still prove itself, `starts` how often the device has started
    with it since. `highest` is the highest version that ever ran here: a lower one is
    refused. `refused` are hashes of releases that failed on this device. `note` is the line of
    the record of activations that belongs to the latest change.
    """

    current: Held | None = None
    previous: Held | None = None
    trial: bool = False
    starts: int = 0
    highest: int = 0
    refused: tuple[str, ...] = ()
    note: Mapping[str, Any] | None = None


class Slots:
    """The two slots of one release on a device.

    Args:
        folder: Made where it does not exist.

    Raises:
        StorageError: It cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        make_folder(folder)

    def pointer(self) -> Pointer:
        """Which release runs; an empty pointer on a device that has none yet.

        Raises:
            StorageError: The pointer cannot be read.
        """
        path = self.folder / _POINTER
        try:
            data = json.loads(path.read_bytes())
            return Pointer(
                current=_held(data["current"]),
                previous=_held(data["previous"]),
                trial=bool(data["trial"]),
                starts=int(data["starts"]),
                highest=int(data["highest"]),
                refused=tuple(str(r) for r in data["refused"]),
                note=data.get("note"),
            )
        except FileNotFoundError:
            return Pointer()
        except (OSError, ValueError, TypeError, KeyError, InvalidInputError) as exc:
            raise StorageError(
                f"{path} cannot be read: {exc}",
                hint="Remove the file and activate a release again.",
            ) from exc

    def point(
        self,
        pointer: Pointer,
        *,
        step: Step | None = None,
        note: tuple[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """Replace the pointer in one step.

        Args:
            pointer: The new one.
            step: Told "pointer written" before it takes the place of the old one.
            note: Outcome and facts for the record of activations, which `complete_record`
                writes after this, or after a kill in between.

        Raises:
            StorageError: It cannot be written; the old one holds.
        """
        told = step or _unheard
        path = self.folder / _POINTER
        if note is not None:
            pointer = replace(pointer, note=_line(*note))
        write_json_durably(path, asdict(pointer), then=lambda: told("pointer written"))

    def complete_record(self) -> None:
        """Write the line of the latest change to the record, unless it is there already.

        Raises:
            StorageError: The pointer cannot be read.
        """
        line = self.pointer().note
        with contextlib.suppress(OSError):  # No verdict depends on the record.
            if line is not None and line not in self.notes():
                self._append(line)

    def put(self, data: bytes, pointer: Pointer, *, step: Step | None = None) -> str:
        """Write a release to the slot that does not run.

        Args:
            data: The bundle's bytes.
            pointer: As it is now.
            step: Told "slot written" before the file takes its place.

        Returns:
            The name of the slot.

        Raises:
            StorageError: It cannot be written.
        """
        told = step or _unheard
        running = pointer.current.slot if pointer.current else None
        slot = next(s for s in _SLOTS if s != running)
        write_durably(self._path(slot), data, then=lambda: told("slot written"))
        return slot

    def read(self, held: Held, *, trusted: Sequence[PublicKey] = ()) -> Bundle:
        """A release from its slot, checked again: disks forget, too.

        Args:
            held: Which.
            trusted: Keys one of which must have signed it.

        Returns:
            The bundle.

        Raises:
            BundleError: It is not the release that was put there, or not readable.
        """
        try:
            data = self._path(held.slot).read_bytes()
        except OSError as exc:
            raise BundleError(
                f"slot {held.slot} of {self.folder.name} cannot be read: {exc.strerror}"
            ) from exc
        if hashlib.sha256(data).hexdigest() != held.sha256:
            raise BundleError(
                f"slot {held.slot} of {self.folder.name} does not hold release"
                f" {held.version} any more",
                hint="Activate a release again.",
            )
        return read_bundle(data, trusted=trusted)

    def note(self, outcome: str, facts: Mapping[str, Any]) -> None:
        """Append to the record of activations; a disk that is full does not matter here.

        Args:
            outcome: Such as activated, refused, rolled back.
            facts: Plain JSON types.
        """
        self._append(_line(outcome, facts))

    def notes(self) -> list[dict[str, Any]]:
        """The record of activations, the oldest first; damaged lines are left out."""
        out = []
        path = self.folder / _JOURNAL
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        for line in text.splitlines():
            try:
                out.append(json.loads(line))
            except ValueError:
                continue
        return out

    def confirm(self) -> None:
        """The release has proved itself; the one before is kept."""
        pointer = self.pointer()
        version = pointer.current.version if pointer.current else None
        confirmed = replace(pointer, trial=False, starts=0)
        self.point(confirmed, note=("kept", {"version": version}))

    def roll_back(self, reason: str) -> Held | None:
        """Go back to the release before, and never take the present one again.

        Args:
            reason: For the record of activations.

        Returns:
            The release that runs now, or None where there is none before.

        Raises:
            StorageError: The pointer cannot be written.
        """
        pointer = self.pointer()
        failed = pointer.current
        if failed is None:
            return None
        back = pointer.previous
        facts = {"version": failed.version, "to": back.version if back else None}
        self.point(
            replace(
                pointer,
                current=back,
                previous=None,
                trial=False,
                starts=0,
                refused=(*pointer.refused, failed.sha256)[-16:],
            ),
            note=("rolled back", {**facts, "reason": reason}),
        )
        self.complete_record()
        return back

    def _append(self, line: Mapping[str, Any]) -> None:
        path = self.folder / _JOURNAL
        try:
            if path.exists() and path.stat().st_size > _MAX_JOURNAL_BYTES:
                path.replace(path.with_suffix(".old.jsonl"))
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError:
            return

    def _path(self, slot: str) -> Path:
        return self.folder / f"{slot}.pitmark"


def _held(data: Mapping[str, Any] | None) -> Held | None:
    if data is None:
        return None
    precision, slot = data["precision"], data["slot"]
    if precision not in ("fp32", "int8") or slot not in _SLOTS:
        raise InvalidInputError(f"no release is held as {precision!r} in slot {slot!r}")
    return Held(
        slot=slot,
        sha256=str(data["sha256"]),
        project=str(data["project"]),
        version=int(data["version"]),
        precision=precision,
        threads=int(data["threads"]),
    )


def _line(outcome: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return {"at": at, "outcome": outcome, **facts}


def _unheard(_: str) -> None:
    """Where nobody wants to know of the steps."""
