"""What is kept of every part, in a thread of its own: the line never waits for a disk."""

from __future__ import annotations

import queue
import random
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import PitmarkError, StorageError
from pitmark.core.preprocess import Pixels
from pitmark.edge.device_spec import RecordSpec
from pitmark.edge.guarded import MISHAPS
from pitmark.edge.outbox import Outbox
from pitmark.edge.outbox_entry import Entry, Priority
from pitmark.edge.parts import PartResult
from pitmark.edge.result_log import ResultLog
from pitmark.edge.runtime import Inspection
from pitmark.edge.tallies import Tallies
from pitmark.formats.images import decode_image, encode_png
from pitmark.quality.drift.state import DriftState

# Results wait for the disk with their images as far as memory allows, then without.
_MAX_WITH_IMAGE = 8
_MAX_WAITING = 10_000
_BATCH = 8
_SHOWN = 24
_SHOWN_SIDE = 240

Drift = Callable[[PartResult], DriftState | None]
# What another release says about a part: its verdict, or None where none is asked.
Opinion = Callable[[PartResult], str | None]


@dataclass(frozen=True, slots=True)
class Shown:
    """A part on the status page: what came of it, and a small picture."""

    result: PartResult
    small: NDArray[Any] | None


class Recorder:
    """Writes the log, fills the outbox, watches for drift, and keeps the latest to show.

    Args:
        log: The result log.
        outbox: What goes to the server; None where there is no server.
        spec: What is kept.
        drift: Takes a part into account for drift.
        opinion: Asks another release about a part.
    """

    def __init__(
        self,
        log: ResultLog,
        outbox: Outbox | None,
        spec: RecordSpec,
        *,
        drift: Drift,
        opinion: Opinion = lambda _: None,
    ) -> None:
        self._log, self._outbox, self._spec = log, outbox, spec
        self._drift, self._opinion = drift, opinion
        self._queue: queue.Queue[PartResult | None] = queue.Queue(_MAX_WAITING)
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._draw = random.Random()
        self.tallies = Tallies()
        self.latest: deque[Shown] = deque(maxlen=_SHOWN)
        self.unrecorded: dict[str, int] = {}
        self.disagreements = 0

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, then end."""
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout=60)
        self._log.close()

    def __call__(self, result: PartResult) -> None:
        """Take a result; never waits. Where the disk is too slow, images are left out first,
        and what is left out is counted.

        Args:
            result: Of any point.
        """
        self.tallies.note(result)
        if self._queue.qsize() >= _MAX_WITH_IMAGE:
            result = _light(result)
            self._lost("image and drift, the disk was too slow", 1)
        try:
            self._queue.put_nowait(result)
        except queue.Full:
            self._lost("too many at once", 1)

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = [first]
            ended = False
            while len(batch) < _BATCH and not ended:
                try:
                    more = self._queue.get_nowait()
                except queue.Empty:
                    break
                ended = more is None
                batch += [] if more is None else [more]
            self._write(batch)
            if ended:
                return

    def _write(self, batch: Sequence[PartResult]) -> None:
        lines, entries = [], []
        for result in batch:
            line, entry = self._recorded(result)
            lines.append(line)
            entries.append(entry)
        try:
            self._log.write(lines)
        except StorageError:
            self._lost("log", len(lines))
        if self._outbox is None:
            return
        try:
            self._outbox.put(entries)
        except StorageError:
            self._lost("outbox", len(entries))

    def _recorded(self, result: PartResult) -> tuple[dict[str, Any], Entry]:
        try:
            state, other = self._drift(result), self._opinion(result)
        except (PitmarkError, *MISHAPS):
            state, other = None, None
        inspection = result.inspection
        # Model against model, before regions and tolerances.
        said = inspection.verdict.outcome if inspection is not None else None
        disagree = other is not None and other != said
        self.disagreements += disagree
        drift = None if state is None else state.told()
        body = {**result.to_json(), "drift": drift, "other_verdict": other}
        priority = self._priority(result, disagree)
        image = None
        if priority != Priority.REST and self._outbox is not None:
            image = _file_of(result)
        self.latest.append(Shown(_light(result), _small(result.inspection)))
        return body, Entry(priority, body, image)

    def _priority(self, result: PartResult, disagree: bool) -> Priority:
        verdict = result.verdict
        inspection = result.inspection
        if disagree or (inspection is not None and self._is_near(result)):
            return Priority.DOUBTFUL
        if verdict.outcome != "OK" or result.answer.code:
            return Priority.NG
        sampled = self._draw.random() < self._spec.sample_share
        return Priority.SAMPLE if sampled else Priority.REST

    def _is_near(self, result: PartResult) -> bool:
        threshold = result.threshold
        if threshold is None or result.verdict.outcome == "error":
            return False
        return abs(result.verdict.score - threshold) <= self._spec.margin

    def _lost(self, where: str, count: int) -> None:
        self.unrecorded[where] = self.unrecorded.get(where, 0) + count


def _file_of(result: PartResult) -> bytes | None:
    """The image as a file: as it came, or as PNG where it came as pixels."""
    if result.frame is None:
        return None
    image = result.frame.image
    if isinstance(image, bytes):
        return image if _is_image(result, image) else None
    try:
        return encode_png(image)
    except (PitmarkError, ValueError, OSError):
        return None


def _is_image(result: PartResult, data: bytes) -> bool:
    """Whether the bytes can be decoded: a server takes no others, nor what goes with them."""
    if result.inspection is not None and result.inspection.pixels is not None:
        return True
    try:
        decode_image(data, name=result.name)
    except (PitmarkError, MemoryError):
        return False
    return True


def _small(inspection: Inspection | None) -> NDArray[Any] | None:
    """Every n-th pixel: enough to recognize a part, at no cost."""
    pixels: Pixels | None = inspection.pixels if inspection is not None else None
    if pixels is None:
        return None
    step = max(1, -(-max(pixels.shape[:2]) // _SHOWN_SIDE))
    return np.ascontiguousarray(pixels[::step, ::step])


def _light(result: PartResult) -> PartResult:
    """A result without its image, so that the latest ones cost no memory."""
    frame = result.frame
    kept = None if frame is None else replace(frame, image=b"", reference=None, decoded=None)
    return replace(result, frame=kept, inspection=None)
