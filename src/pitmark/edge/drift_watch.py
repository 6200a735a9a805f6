"""Drift at the points of a device, remembered across restarts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pitmark.core.errors import PitmarkError, StorageError
from pitmark.edge.durable import write_json_durably
from pitmark.edge.live import LiveRelease
from pitmark.edge.monitor import Monitor
from pitmark.edge.parts import PartResult
from pitmark.quality.drift.newest_looking import Looked
from pitmark.quality.drift.state import DriftState

_TO_LABEL = 50
_TOLD = ("alarm", "threshold", "since", "since_low", "since_high", "carriers", "sentence")


class DriftWatch:
    """One monitor per point and release, each with a file for its state.

    Args:
        folder: Where the states are kept; made where it does not exist.
        releases: Of the device, by name.
        run_length_images: Images expected between two false alarms.
    """

    def __init__(
        self, folder: Path, releases: Mapping[str, LiveRelease], run_length_images: int
    ) -> None:
        self._folder, self._releases = folder, releases
        self._run_length = run_length_images
        self._monitors: dict[str, tuple[str, Monitor | None]] = {}
        self._unsaved: set[str] = set()

    def update(self, result: PartResult, release: str) -> DriftState | None:
        """Take one part into account.

        Args:
            result: Of a point.
            release: The name of the release in its recipe.

        Returns:
            The state of the watch of this point and release; None where the release has no
            reference to compare with, or did not judge the part.
        """
        live = self._releases[release]
        held, inspection = result.held, result.inspection
        if held is None or inspection is None:
            return None
        key = f"{result.point}.{release}"
        digest, monitor = self._monitors.get(key, ("", None))
        if digest != held.sha256:
            if live.held is None or live.held.sha256 != held.sha256:
                return None  # Of a release that is gone by now.
            monitor = self._opened(key, live, held.sha256)
            self._monitors[key] = (held.sha256, monitor)
        if monitor is None:
            return None
        tags = dict(result.frame.tags) if result.frame else {}
        self._unsaved.add(key)
        name = result.name or f"{result.point} {result.number}"
        return monitor.update(inspection, tags=tags, name=name)

    def states(self) -> dict[str, DriftState]:
        """The states by point and release, as in "top.main"."""
        return {k: m.state for k, (_, m) in list(self._monitors.items()) if m is not None}

    def newest_looking(self, count: int) -> dict[str, list[Looked]]:
        """The parts to label first where there is an alarm, by point and release.

        Args:
            count: How many at most of each.

        Returns:
            The newest-looking first.
        """
        monitors = [(k, m) for k, (_, m) in list(self._monitors.items()) if m is not None]
        return {k: m.newest_looking(count) for k, m in monitors if m.state.alarm}

    def to_json(self) -> dict[str, Any]:
        """All states as plain JSON types, each with the parts to label first."""
        newest = self.newest_looking(_TO_LABEL)
        return {
            key: {**state.to_json(), "newest": [i.to_json() for i in newest.get(key, [])]}
            for key, state in self.states().items()
        }

    def courses(self) -> list[dict[str, Any]]:
        """Every watch with its course and the parts to label first, as plain JSON types."""
        newest, out = self.newest_looking(_TO_LABEL), []
        for key, (_, monitor) in list(self._monitors.items()):
            if monitor is not None:
                point, _, release = key.partition(".")
                named = {"point": point, "release": release}
                looked = [i.to_json() for i in newest.get(key, [])]
                told = {name: monitor.state.to_json()[name] for name in _TOLD}
                out.append({**named, **told, **monitor.course(), "newest": looked})
        return out

    def reset(self, point: str) -> None:
        """Begin anew at one point, after an alarm was dealt with.

        Args:
            point: Its name.
        """
        for key, (_, monitor) in list(self._monitors.items()):
            if key.partition(".")[0] == point and monitor is not None:
                monitor.reset()
                self._unsaved.add(key)

    def save(self) -> None:
        """Keep the states that have changed; a disk that is full costs memory of drift only."""
        for key in list(self._unsaved):
            digest, monitor = self._monitors[key]
            if monitor is None:
                continue
            state = {"sha256": digest, "state": monitor.to_json()}
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                write_json_durably(self._folder / f"{key}.json", state)
            except (OSError, StorageError):
                return
            self._unsaved.discard(key)

    def _opened(self, key: str, live: LiveRelease, sha256: str) -> Monitor | None:
        inspector = live.inspector
        if inspector is None or inspector.drift_reference is None:
            return None
        references = (inspector.drift_reference, inspector.drift_by_condition)
        try:
            kept = json.loads((self._folder / f"{key}.json").read_bytes())
            if kept["sha256"] == sha256:
                return Monitor(*references, resume=kept["state"])
        except (OSError, ValueError, KeyError, TypeError, PitmarkError):
            pass  # None yet, or damaged: it begins anew.
        try:
            return Monitor(*references, run_length_images=self._run_length)
        except PitmarkError:
            return None
