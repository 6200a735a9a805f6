"""A part on its way through a point: the frame that shows it, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pitmark.core.errors import PitmarkError
from pitmark.core.inspector import Verdict
from pitmark.core.preprocess import Pixels
from pitmark.edge.handshake import Answer
from pitmark.edge.judgement import Finding
from pitmark.edge.runtime import Inspection
from pitmark.edge.slots import Held
from pitmark.formats.images import decode_image


@dataclass(frozen=True, slots=True)
class Frame:
    """An image as a source gives it, file bytes or pixels, with its reference if any.

    `decoded` are the pixels of the file bytes, where somebody has had the time, and
    `decode_ms` is what it took.
    """

    name: str
    image: bytes | Pixels = field(repr=False)
    reference: bytes | Pixels | None = field(default=None, repr=False)
    tags: Mapping[str, str] = field(default_factory=dict)
    decoded: Pixels | None = field(default=None, repr=False)
    decode_ms: float = 0.0

    @property
    def best(self) -> bytes | Pixels:
        """The image in the form that is judged soonest."""
        return self.image if self.decoded is None else self.decoded

    def ahead(self) -> Frame:
        """The frame with its pixels, so that the thread that judges need not decode them.

        Returns:
            A frame; one that cannot be decoded comes back as it is, and gets its error
            where it is judged.
        """
        if not isinstance(self.image, bytes) or self.decoded is not None:
            return self
        start = time.perf_counter()
        try:
            pixels = decode_image(self.image, name=self.name).pixels
        except (PitmarkError, MemoryError):
            return self
        return replace(self, decoded=pixels, decode_ms=(time.perf_counter() - start) * 1000)


@dataclass(frozen=True, slots=True)
class PartResult:
    """One part inspected.

    `number` counts the triggers of the point since it started, `answer` is what the control
    sees. `at` is the time of the wall, for people; `latency_ms` runs from the image to the
    verdict, `total_ms` from the trigger. `threshold` is that of the release for scores.
    `frame` is None where no image came.
    """

    point: str
    number: int
    custom: int
    at: str
    verdict: Verdict
    answer: Answer
    recipe: int
    findings: tuple[Finding, ...] = ()
    held: Held | None = None
    latency_ms: float = 0.0
    total_ms: float = 0.0
    threshold: float | None = None
    frame: Frame | None = None
    inspection: Inspection | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """What the image is called."""
        return self.frame.name if self.frame else ""

    def to_json(self) -> dict[str, Any]:
        """The result as plain JSON types."""
        held = self.held
        return {
            "point": self.point,
            "number": self.number,
            "custom": self.custom,
            "at": self.at,
            "name": self.name,
            "verdict": self.verdict.to_json(),
            "error_code": int(self.answer.code),
            "classification": self.answer.classification,
            "recipe": self.recipe,
            "findings": [f.to_json() for f in self.findings],
            "release": None
            if held is None
            else {"project": held.project, "version": held.version, "sha256": held.sha256},
            "latency_ms": round(self.latency_ms, 2),
            "total_ms": round(self.total_ms, 2),
            "tags": dict(self.frame.tags) if self.frame else {},
        }
