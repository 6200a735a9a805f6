"""Where a labeler draws the edges of boxes, compared with others who marked the same.

Offsets are in pixels of the stored image, along x to the right and y down: a left edge at
-2 px lies two pixels further left. Tightness is a ratio of areas; above 1 is drawn larger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.core.geometry import as_boxes, box_area
from pitmark.metrics.cluster_draws import ClusterDraws, Floats, exp_mean_of_sums, mean_of_sums
from pitmark.metrics.intervals import Interval
from pitmark.metrics.record import Record

EDGES = ("left", "top", "right", "bottom")
# Less than this is the width of a pen, whatever the number of boxes that show it.
LEAST_PX = 0.5
LEAST_RATIO = 0.05


@dataclass(frozen=True)
class OutlineBias(Record):
    """Systematic offsets of one labeler's boxes.

    `systematic` names the edges whose offset is beyond chance (all edges and labelers
    taken together) and at least half a pixel.
    """

    labeler: str
    boxes: int
    edges_px: Mapping[str, Interval]
    tightness: Interval
    systematic: tuple[str, ...]

    def sentences(self) -> list[str]:
        """What is systematic, in words; empty where nothing is."""
        ways = {"left": ("left", "right"), "right": ("left", "right")}
        out = []
        for edge in self.systematic:
            value = self.edges_px[edge].value or 0.0
            back, forth = ways.get(edge, ("up", "down"))
            out.append(
                f"{self.labeler} draws the {edge} edge {abs(value):.1f} px further"
                f" {forth if value > 0 else back}"
            )
        ratio = self.tightness
        if ratio.value is not None and ratio.low is not None and ratio.high is not None:
            clear = ratio.low > 1 + LEAST_RATIO or ratio.high < 1 - LEAST_RATIO
            how = "larger" if ratio.value > 1 else "smaller"
            if clear:
                share = abs(ratio.value - 1)
                out.append(f"{self.labeler} draws boxes {share:.0%} {how} in area")
        return [text.replace("%", " %") for text in out]


def outline_bias(
    labeler: str,
    boxes_xyxy: ArrayLike,
    others_xyxy: ArrayLike,
    clusters: NDArray[np.intp],
    draws: ClusterDraws,
    *,
    comparisons: int = 4,
) -> OutlineBias:
    """How one labeler's boxes differ from those of others around the same objects.

    Args:
        labeler: Who drew them.
        boxes_xyxy: (M, 4) boxes of this labeler.
        others_xyxy: (M, 4) the reference, or the mean of the others' boxes.
        clusters: (M,) image of each box.
        draws: Over the images.
        comparisons: How many offsets are looked at in all; what is called systematic
            holds for all of them together.

    Returns:
        The offsets; values are None without boxes.

    Raises:
        InvalidInputError: Unequal numbers of boxes.
    """
    mine, theirs = as_boxes(boxes_xyxy), as_boxes(others_xyxy)
    if mine.shape != theirs.shape:
        raise InvalidInputError(f"{len(mine)} boxes cannot be paired with {len(theirs)}")
    strict = 1 - (1 - draws.how.confidence) / max(comparisons, 1)
    edges, systematic = {}, []
    for column, edge in enumerate(EDGES):
        offsets = mine[:, column] - theirs[:, column]
        sums = draws.sums(_with_ones(offsets), clusters)
        edges[edge] = draws.interval(sums, mean_of_sums)
        if _is_beyond(draws.interval(sums, mean_of_sums, confidence=strict)):
            systematic.append(edge)
    logs = np.log(np.maximum(box_area(mine), 1e-9)) - np.log(np.maximum(box_area(theirs), 1e-9))
    ratio = draws.interval(draws.sums(_with_ones(logs), clusters), exp_mean_of_sums)
    return OutlineBias(labeler, len(mine), edges, ratio, tuple(systematic))


def _is_beyond(found: Interval) -> bool:
    if found.value is None or found.low is None or found.high is None:
        return False
    return abs(found.value) >= LEAST_PX and (found.low > 0 or found.high < 0)


def _with_ones(values: Floats) -> Floats:
    return np.stack([values, np.ones(len(values))], axis=1)
