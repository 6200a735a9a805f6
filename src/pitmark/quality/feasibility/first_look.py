"""What the first images of a project showed, and what is said about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.feasibility.imaging import ImageFigures

Floats = NDArray[np.float64]
Level = Literal["stop", "change", "note", "fine"]

# The second of two kinds where defects are compared with places that have none.
OTHER_PLACES = "other places"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing about the images; `advice` is empty where there is nothing to do."""

    level: Level
    topic: str
    text: str
    advice: str = ""

    def sentence(self) -> str:
        """The remark with its advice."""
        return f"{self.text} {self.advice}".strip()


@dataclass(frozen=True, slots=True)
class Told:
    """How many of two kinds a first model named right, and the interval of the share."""

    first: str
    second: str
    right: float
    low: float
    high: float
    cases: int


@dataclass(frozen=True, eq=False)
class FirstLook:
    """What was measured on the first images.

    Attributes:
        figures: Of each image.
        sizes_wh: (N, 2) in pixels.
        defects_wh: (M, 2) widths and heights of marked defects in pixels.
        contrasts: (M,) contrast-to-noise of each; nan where it cannot be told.
        alike: Mean likeness of views, in [-1, 1]; nan for one image.
        told: How well pairs of classes, and defects and other places, were told apart.
        contradictions: What contradicts itself in the labels, in words.
        copies: Images that show what another one shows.
        counts: Labeled images or marked defects by class.
        mm_per_px: Size of a pixel on the part, where it is known.
        compared: Whether images have a reference without defects.
    """

    figures: Sequence[ImageFigures]
    sizes_wh: Floats
    defects_wh: Floats
    contrasts: Floats
    alike: float = float("nan")
    told: Sequence[Told] = ()
    contradictions: Sequence[str] = ()
    copies: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    mm_per_px: float | None = None
    compared: bool = False

    @property
    def short_sides_px(self) -> Floats:
        """(M,) the shorter side of each defect."""
        return self.defects_wh.min(axis=1) if len(self.defects_wh) else np.zeros(0)


def look_json(look: FirstLook) -> dict[str, Any]:
    """The main figures as plain JSON types.

    Args:
        look: What was measured.

    Returns:
        Name to figure, None where it is not known.
    """
    short = look.short_sides_px
    contrasts = look.contrasts[np.isfinite(look.contrasts)]
    widths = np.array([f.edge_px for f in look.figures])
    widths = widths[np.isfinite(widths)]

    def middle(values: Floats) -> float | None:
        return float(np.median(values)) if len(values) else None

    return {
        "images": len(look.figures),
        "defects": len(short),
        "defect_short_side_px": middle(short),
        "contrast_to_noise": middle(contrasts),
        "edge_px": middle(widths),
        "brightest": middle(np.array([f.bright for f in look.figures])),
        "overexposed": middle(np.array([f.clipped_high for f in look.figures])),
        "likeness": float(look.alike) if np.isfinite(look.alike) else None,
        "copies": look.copies,
        "contradictions": list(look.contradictions),
        "counts": dict(look.counts),
        "told_apart": [
            {"first": t.first, "second": t.second, "right": t.right, "low": t.low,
             "high": t.high, "cases": t.cases}
            for t in look.told
        ],
    }  # fmt: skip
