"""Run a bundle over images, as a device does: verdicts with reasons, and drift."""

from __future__ import annotations

import json
import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pitmark.core.errors import StorageError
from pitmark.edge.bundle_file import read_bundle
from pitmark.edge.monitor import DEFAULT_RUN_LENGTH_IMAGES, Monitor
from pitmark.edge.runtime import EdgeInspector, Inspection
from pitmark.edge.signing import read_keys
from pitmark.edge.sources import FolderReferences, iterate_folder, watch_folder
from pitmark.quality.drift.state import DriftState

_TO_LABEL = 50
Watcher = Callable[[Inspection, DriftState | None], None]


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """How to run a bundle.

    `run_length_images` is the number of images expected between two false drift alarms.
    `tags` takes what else is known from file names, as in "{camera}_{lot}_{n}".
    `reference` is the rule by which images have references, see `formats.references`.
    `keys` is a file of trusted keys, one of which must have signed the bundle.
    """

    precision: Literal["auto", "fp32", "int8"] = "auto"
    threads: int | None = None
    recursive: bool = True
    run_length_images: int = DEFAULT_RUN_LENGTH_IMAGES
    tags: Callable[[str], dict[str, str]] = field(default=lambda _: {})
    log: Path | None = None
    reference: str | None = None
    keys: Path | None = None


@dataclass(frozen=True, slots=True)
class WatchSummary:
    """What a run of a bundle over some images came to."""

    images: int
    outcomes: dict[str, int]
    p50_ms: float | None
    p95_ms: float | None
    precision: str
    threads: int
    drift: dict[str, Any] | None
    reference: bool = False

    def to_json(self) -> dict[str, Any]:
        """The summary as plain JSON types."""
        return {
            "images": self.images,
            "outcomes": self.outcomes,
            "p50_ms": self.p50_ms,
            "p95_ms": self.p95_ms,
            "precision": self.precision,
            "threads": self.threads,
            "drift": self.drift,
            "reference": self.reference,
        }


def predict(
    bundle: Path,
    folder: Path,
    *,
    options: WatchOptions | None = None,
    on_image: Watcher | None = None,
) -> WatchSummary:
    """Inspect every image of a folder, or one image, with a bundle.

    Args:
        bundle: The bundle's file.
        folder: A folder of images, or one image file.
        options: See WatchOptions.
        on_image: Told of every inspection.

    Returns:
        The summary.

    Raises:
        NotFoundError: No such bundle or folder.
        BundleError: The bundle is damaged or altered.
    """
    how = options or WatchOptions()
    inspector = _open(bundle, how)
    references = FolderReferences(folder, how.reference)
    images = iterate_folder(folder, recursive=how.recursive, leave_out=references.is_reference)
    return _inspect(inspector, images, references, how, on_image)


def watch(
    bundle: Path,
    folder: Path,
    *,
    stop: threading.Event,
    options: WatchOptions | None = None,
    on_image: Watcher | None = None,
) -> WatchSummary:
    """Inspect images as they appear in a folder, until told to stop.

    Args:
        bundle: The bundle's file.
        folder: Where a camera or a line puts its images.
        stop: Set it to end.
        options: See WatchOptions.
        on_image: Told of every inspection.

    Returns:
        The summary over all images until the end.

    Raises:
        NotFoundError: No such bundle or folder.
        BundleError: The bundle is damaged or altered.
    """
    how = options or WatchOptions()
    inspector = _open(bundle, how)
    references = FolderReferences(folder, how.reference)
    images = watch_folder(
        folder,
        stop=stop,
        recursive=how.recursive,
        existing=True,
        leave_out=references.is_reference,
    )
    return _inspect(inspector, images, references, how, on_image)


def _open(bundle: Path, how: WatchOptions) -> EdgeInspector:
    trusted = () if how.keys is None else read_keys(how.keys)
    checked = read_bundle(bundle, trusted=trusted)
    return EdgeInspector.open(checked, precision=how.precision, threads=how.threads)


def _inspect(
    inspector: EdgeInspector,
    images: Iterable[tuple[str, bytes]],
    references: FolderReferences,
    how: WatchOptions,
    on_image: Watcher | None,
) -> WatchSummary:
    monitor = None
    if inspector.drift_reference is not None:
        monitor = Monitor(
            inspector.drift_reference,
            inspector.drift_by_condition,
            run_length_images=how.run_length_images,
        )
    outcomes: Counter[str] = Counter()
    latencies: list[float] = []
    state = None
    with _Log(how.log) as log:
        for inspection in inspector.inspect_each(images, references=references):
            tags = how.tags(inspection.name)
            state = monitor.update(inspection, tags=tags) if monitor else None
            outcomes[inspection.verdict.outcome] += 1
            latencies.append(inspection.latency_ms)
            log.write(inspection, state)
            if on_image is not None:
                on_image(inspection, state)
    return WatchSummary(
        images=sum(outcomes.values()),
        outcomes=dict(outcomes),
        p50_ms=_quantile(latencies, 0.5),
        p95_ms=_quantile(latencies, 0.95),
        precision=inspector.precision,
        threads=inspector.threads,
        reference=inspector.spec.reference,
        drift=None if monitor is None or state is None else _told(monitor, state),
    )


def _told(monitor: Monitor, state: DriftState) -> dict[str, Any]:
    """The state, with the images to label first where there is an alarm."""
    newest = monitor.newest_looking(_TO_LABEL) if state.alarm else []
    return {**state.to_json(), "newest": [i.to_json() for i in newest]}


class _Log:
    """One line of JSON per inspection, on disk before the next image is looked at."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def __enter__(self) -> _Log:
        try:
            self._file = self._path.open("a", encoding="utf-8") if self._path else None
        except OSError as exc:
            raise StorageError(f"cannot write the log {self._path}: {exc.strerror}") from exc
        return self

    def __exit__(self, *exc: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, inspection: Inspection, state: DriftState | None) -> None:
        """Append one inspection."""
        if self._file is None:
            return
        drift = None if state is None else {"alarm": state.alarm, "sentence": state.sentence}
        self._file.write(json.dumps({**inspection.to_json(), "drift": drift}) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def name_tags(pattern: str) -> Callable[[str], dict[str, str]]:
    """A function that takes tags from file names by a pattern.

    Args:
        pattern: Such as "{camera}_{lot}_{n}", matched against the name without ending.

    Returns:
        Name to tags; a name that does not match has none.
    """
    parts = re.split(r"\{(\w+)\}", pattern)
    texts = [
        re.escape(part) if n % 2 == 0 else f"(?P<{part}>[^/]+?)" for n, part in enumerate(parts)
    ]
    matcher = re.compile("".join(texts))

    def tags(name: str) -> dict[str, str]:
        found = matcher.fullmatch(Path(name).stem)
        return dict(found.groupdict()) if found else {}

    return tags


def _quantile(values: list[float], share: float) -> float | None:
    return round(float(np.quantile(values, share)), 2) if values else None
