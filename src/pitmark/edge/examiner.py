"""Judges frames by recipe: release, crop, regions and tolerances put together."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pitmark.core.errors import InvalidInputError, PitmarkError
from pitmark.core.inspector import Verdict
from pitmark.core.preprocess import Pixels
from pitmark.edge.guarded import MISHAPS
from pitmark.edge.handshake import NO_CLASS, Answer, ErrorCode
from pitmark.edge.judgement import Finding, Judge
from pitmark.edge.live import LiveRelease
from pitmark.edge.parts import Frame
from pitmark.edge.recipe import Recipe
from pitmark.edge.runtime import Inspection
from pitmark.edge.slots import Held
from pitmark.formats.images import decode_image


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of one frame."""

    verdict: Verdict
    answer: Answer
    findings: tuple[Finding, ...]
    held: Held | None
    inspection: Inspection | None
    latency_ms: float
    threshold: float | None = None


class Examiner:
    """Judges the frames of one point.

    Args:
        releases: Of the device, by name.
    """

    def __init__(self, releases: Mapping[str, LiveRelease]) -> None:
        self._releases = releases
        self._judges: dict[tuple[str, int], Judge] = {}

    def __call__(self, frame: Frame, recipe: Recipe) -> Examined:
        """The verdict on one frame, whatever state it is in.

        Args:
            frame: The image.
            recipe: How to judge it.

        Returns:
            What came of it; nothing is raised for it.
        """
        start = time.perf_counter()
        live = self._releases[recipe.release]
        inspection, held = None, live.held
        findings: tuple[Finding, ...] = ()
        try:
            image, reference = _cropped(frame, recipe)
            inspection, held = live.inspect(image, name=frame.name, reference=reference)
            verdict = inspection.verdict
            if inspection.prediction is not None and held is not None:
                judgement = self._judge(live, held, recipe)(inspection.prediction)
                verdict, findings = judgement.verdict, judgement.findings
        except (PitmarkError, MemoryError, *MISHAPS) as error:
            verdict = Verdict("error", 0.0, None, str(error) or "out of memory")
        latency_ms = (time.perf_counter() - start) * 1000 + frame.decode_ms
        manifest = live.manifest
        threshold = manifest.inspector.threshold if manifest is not None else None
        answer = self._answer(verdict, live, held)
        return Examined(verdict, answer, findings, held, inspection, latency_ms, threshold)

    def ready(self, recipe: Recipe) -> bool:
        """Whether there is a release to judge with.

        Args:
            recipe: Which names it.

        Returns:
            True when one is loaded.
        """
        return self._releases[recipe.release].held is not None

    def _judge(self, live: LiveRelease, held: Held, recipe: Recipe) -> Judge:
        key = (held.sha256, recipe.index)
        if key not in self._judges:
            manifest = live.manifest_of(held)
            if len(self._judges) > 64:
                self._judges.clear()
            self._judges[key] = Judge(manifest.inspector, manifest.label_book, recipe)
        return self._judges[key]

    def _answer(self, verdict: Verdict, live: LiveRelease, held: Held | None) -> Answer:
        if held is None:
            return Answer("error", code=ErrorCode.NO_RELEASE)
        if verdict.outcome == "error":
            return Answer("error", code=ErrorCode.NOT_JUDGED)
        manifest = live.manifest
        names = manifest.label_book.names if manifest is not None else ()
        place = names.index(verdict.label) if verdict.label in names else NO_CLASS
        return Answer(verdict.outcome, place)


def _cropped(frame: Frame, recipe: Recipe) -> tuple[bytes | Pixels, bytes | Pixels | None]:
    crop = recipe.crop_xywh
    if crop is None:
        return frame.best, frame.reference
    image = _cut(frame.best, crop, frame.name)
    reference = None
    if frame.reference is not None:
        reference = _cut(frame.reference, crop, f"the reference of {frame.name}")
    return image, reference


def _cut(image: bytes | Pixels, crop_xywh: tuple[int, int, int, int], name: str) -> Pixels:
    pixels = decode_image(image, name=name).pixels if isinstance(image, bytes) else image
    left, top, width, height = crop_xywh
    found = pixels[top : top + height, left : left + width]
    if found.shape[:2] != (height, width):
        raise InvalidInputError(
            f"{name} has {pixels.shape[1]} x {pixels.shape[0]} pixels, the crop"
            f" {list(crop_xywh)} of the recipe reaches beyond them",
            hint="Correct the crop, or the resolution of the camera.",
        )
    return np.ascontiguousarray(found)
