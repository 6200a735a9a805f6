"""Regions whose class, presence or outline is likely wrong, and defects without a region.

Judge only with out-of-fold predictions: of a model that never saw the labels. Images are
taken one at a time, so that both mappings may load them when asked. Scores lie in [0, 1]
and are the probability of a fault; higher means more likely wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pitmark.core.errors import InvalidInputError
from pitmark.core.labels import Shape, mask_shape
from pitmark.core.predictions import Prediction
from pitmark.quality.label_faults import Fault, strongest_first
from pitmark.quality.object_doubts import Doubt, label_doubts, place_doubts
from pitmark.quality.object_evidence import LabelRow, PlaceRow, weigh_objects
from pitmark.quality.region_evidence import (
    MapHistogram,
    RegionMeeting,
    clean_maps,
    meet_regions,
    placebo_region_score,
    touching,
)
from pitmark.quality.region_grid import (
    Floats,
    LabeledRegion,
    Mask,
    at_full_size,
    labeled_regions,
    pixels_of,
)

SizedShapes = tuple[tuple[Shape, ...], tuple[int, int]]


def segmentation_faults(
    images: Mapping[str, SizedShapes],
    predictions: Mapping[str, Prediction],
    classes: Sequence[str],
) -> list[Fault]:
    """Regions that are likely wrong, and places that likely lack one.

    The value from which a map counts as seen is the one that fits the labels best, class by
    class. Three passes over the images: that value, the evidence, the corrections.

    Args:
        images: Key to all shapes of the image and its (width, height) in pixels.
        predictions: Key to the out-of-fold prediction, with maps of every class.
        classes: (K,) class names in the order of the maps.

    Returns:
        Faults, most likely first; at most one per part of a shape and one per place.

    Raises:
        InvalidInputError: An image has no prediction, or not one map per class.
    """
    if not classes:
        return []
    view = _View(images, predictions, tuple(classes))
    view.measure()
    seen = _Seen()
    for key in images:
        seen.add(key, view)
    evidence = weigh_objects(
        seen.labels,
        seen.places,
        np.array(seen.placebo, dtype=np.float64),
        class_count=len(classes),
    )
    doubts: dict[str, list[tuple[Doubt, int, bool]]] = defaultdict(list)
    for doubt in label_doubts(seen.labels, evidence, classes):
        doubts[seen.labels[doubt.row].key].append((doubt, seen.region_at[doubt.row], True))
    for doubt in place_doubts(seen.places, evidence, classes):
        doubts[seen.places[doubt.row].key].append((doubt, seen.part_at[doubt.row], False))
    faults = []
    for key, found in doubts.items():
        image = view.load(key)
        faults += [
            image.label_fault(key, doubt, at) if on_label else image.place_fault(key, doubt, at)
            for doubt, at, on_label in found
        ]
    return strongest_first(faults)


@dataclass(eq=False)
class _View:
    """Loads one image at a time, on the grid of its maps."""

    images: Mapping[str, SizedShapes]
    predictions: Mapping[str, Prediction]
    classes: tuple[str, ...]
    limits: Floats = field(default_factory=lambda: np.zeros(0))

    def measure(self) -> None:
        """Finds the value from which each map counts as seen."""
        histogram = MapHistogram(len(self.classes))
        for key in self.images:
            maps, regions = self.raw(key)
            histogram.add(maps, regions, self.classes)
        self.limits = histogram.limits()

    def raw(self, key: str) -> tuple[Floats, list[LabeledRegion]]:
        """Maps and labeled regions of an image."""
        shapes, size_wh = self.images[key]
        try:
            # Not `in`: for a mapping that loads, that would load twice.
            maps = clean_maps(self.predictions[key])
        except KeyError as exc:
            raise InvalidInputError(
                f"image {key} has labels but no out-of-fold prediction"
            ) from exc
        if len(maps) != len(self.classes):
            raise InvalidInputError(
                f"image {key} has {len(maps)} maps for {len(self.classes)} classes"
            )
        grid = (int(maps.shape[1]), int(maps.shape[2]))
        return maps, labeled_regions(shapes, size_wh, grid)

    def load(self, key: str) -> _Image:
        """An image with all that is judged in it."""
        maps, regions = self.raw(key)
        shapes, size_wh = self.images[key]
        return _Image(shapes, size_wh, maps, regions, meet_regions(maps, regions, self.limits))


@dataclass(frozen=True, eq=False)
class _Image:
    """One image while it is looked at."""

    shapes: tuple[Shape, ...]
    size_wh: tuple[int, int]
    maps: Floats
    regions: list[LabeledRegion]
    meeting: RegionMeeting

    def label_fault(self, key: str, doubt: Doubt, at: int) -> Fault:
        """The fault of a doubt about the region at a position."""
        region = self.regions[at]
        index = region.shape_index
        middle = self._corrected(doubt, region)
        suggestion = (*self.shapes[:index], *middle, *self.shapes[index + 1 :])
        return Fault(key, doubt.kind, doubt.score, doubt.why, index, suggestion, doubt.verdict)

    def place_fault(self, key: str, doubt: Doubt, part: int) -> Fault:
        """The fault of a predicted part without a label."""
        cells = self.meeting.parts == part
        added = mask_shape(doubt.label, at_full_size(cells, self.meeting.margin, self.size_wh))
        return Fault(
            key, doubt.kind, doubt.score, doubt.why, None, (*self.shapes, added), doubt.verdict
        )

    def _corrected(self, doubt: Doubt, region: LabeledRegion) -> tuple[Shape, ...]:
        """What takes the place of the region's shape."""
        shape = self.shapes[region.shape_index]
        count = sum(r.shape_index == region.shape_index for r in self.regions)
        if count == 1 and doubt.kind == "spurious_object":
            return ()
        if count == 1 and doubt.kind == "wrong_class":
            return (replace(shape, label=doubt.label),)
        part, rest = pixels_of(shape, region, count, self.size_wh)
        kept = (mask_shape(shape.label, rest),) if rest.any() else ()
        if doubt.kind == "spurious_object":
            return kept
        if doubt.kind == "wrong_class":
            return (*kept, mask_shape(doubt.label, part))
        return (mask_shape(shape.label, rest | self._seen_at(region)),)

    def _seen_at(self, region: LabeledRegion) -> Mask:
        others = np.zeros_like(region.cells)
        for other in self.regions:
            others |= other.cells if other is not region else False
        cells = touching(self.meeting.parts, region.cells) & ~(others & ~region.cells)
        return at_full_size(cells, self.meeting.margin, self.size_wh)


@dataclass(eq=False)
class _Seen:
    """Numbers of all images so far."""

    labels: list[LabelRow] = field(default_factory=list)
    region_at: list[int] = field(default_factory=list)
    places: list[PlaceRow] = field(default_factory=list)
    part_at: list[int] = field(default_factory=list)
    placebo: list[float] = field(default_factory=list)
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def add(self, key: str, view: _View) -> None:
        """Adds an image."""
        image = view.load(key)
        known = {name: i for i, name in enumerate(view.classes)}
        width, height = image.size_wh
        cell_px = width * height / image.meeting.margin.size
        labeled = np.zeros(image.meeting.margin.shape, dtype=bool)
        for region in image.regions:
            labeled |= region.cells
        for at, region in enumerate(image.regions):
            overlap = float(image.meeting.overlaps[at])
            self.labels.append(
                LabelRow(
                    key,
                    region.shape_index,
                    region.label,
                    known.get(region.label, len(known)),
                    float(region.cells.sum() * cell_px),
                    image.meeting.scores[at],
                    overlap if overlap > 0 else None,
                )
            )
            self.region_at.append(at)
            score = placebo_region_score(image.maps, region, labeled, self.rng)
            self.placebo += [] if score is None else [score]
        found = image.meeting
        rows = zip(found.place_classes, found.place_scores, found.labeled, strict=True)
        for part, (position, score, is_labeled) in enumerate(rows, start=1):
            self.places.append(PlaceRow(key, int(position), float(score), bool(is_labeled)))
            self.part_at.append(part)
