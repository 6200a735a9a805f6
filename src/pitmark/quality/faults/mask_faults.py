"""Regions whose class, presence or outline is likely wrong, and defects without a region.

Judge only with out-of-fold predictions: of a model that never saw the labels. Images are
taken one at a time and only numbers about their regions are kept, so that memory does not
grow with images x classes x pixels. Scores lie in [0, 1] and are the probability of a
fault; higher means more likely wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pitmark.core.errors import InvalidInputError
from pitmark.core.labels import Shape, mask_shape
from pitmark.core.predictions import Prediction
from pitmark.quality.faults.budget import within_budget
from pitmark.quality.faults.class_faults import Fault
from pitmark.quality.faults.object_doubts import Doubt, label_doubts, place_doubts
from pitmark.quality.faults.object_evidence import LabelRow, PlaceRow, weigh_objects
from pitmark.quality.faults.region_evidence import (
    MapHistogram,
    Outlines,
    RegionMeeting,
    clean_maps,
    meet_regions,
    placebo_region_score,
)
from pitmark.quality.faults.region_grid import (
    Floats,
    LabeledRegion,
    Mask,
    at_full_size,
    labeled_regions,
    pixels_of,
)
from pitmark.quality.faults.segmented_images import (
    ImageWalk,
    SegmentedImage,
    SizedShapes,
    WalkedIterable,
    WalkedMappings,
)


def segmentation_faults(
    images: Mapping[str, SizedShapes],
    predictions: Mapping[str, Prediction],
    classes: Sequence[str],
) -> list[Fault]:
    """Regions that are likely wrong, and places that likely lack one.

    See `streamed_segmentation_faults`. Both mappings may load an image when asked.

    Args:
        images: Key to all shapes of the image and its (width, height) in pixels.
        predictions: Key to the out-of-fold prediction, with maps of every class.
        classes: (K,) class names in the order of the maps.

    Returns:
        Faults, most likely first; at most one per part of a shape and one per place.

    Raises:
        InvalidInputError: An image has no prediction, or not one map per class.
    """
    return _faults(WalkedMappings(images, predictions), tuple(classes))


def streamed_segmentation_faults(
    images: Iterable[SegmentedImage], classes: Sequence[str]
) -> list[Fault]:
    """Regions that are likely wrong, from images that are given one at a time.

    The value from which a map counts as seen is the one that fits the labels best, class by
    class. Three passes over the images: that value, the evidence, the corrections.

    Args:
        images: Something that can be iterated over three times and gives the same images
            in the same order; no generator.
        classes: (K,) class names in the order of the maps.

    Returns:
        Faults, most likely first; at most one per part of a shape and one per place.

    Raises:
        InvalidInputError: The images can be had only once, or lack a map per class.
    """
    return _faults(WalkedIterable(images), tuple(classes))


def _faults(source: ImageWalk, classes: tuple[str, ...]) -> list[Fault]:
    if not classes:
        return []
    histogram = MapHistogram(len(classes))
    for image in source.walk():
        histogram.add(*_on_grid(image, classes), classes)
    limits = histogram.limits()
    seen = _Seen(classes)
    for image in source.walk():
        seen.add(image.key, _looked_at(image, classes, limits))
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
    for image in source.walk(doubts.keys()):
        looked_at = _looked_at(image, classes, limits)
        faults += [
            looked_at.label_fault(image.key, doubt, at)
            if on_label
            else looked_at.place_fault(image.key, doubt, at)
            for doubt, at, on_label in doubts[image.key]
        ]
    return within_budget(faults, len(seen.labels))


def _on_grid(
    image: SegmentedImage, classes: tuple[str, ...]
) -> tuple[Floats, list[LabeledRegion]]:
    """Maps and labeled regions of an image."""
    maps = clean_maps(image.prediction)
    if len(maps) != len(classes):
        raise InvalidInputError(
            f"image {image.key} has {len(maps)} maps for {len(classes)} classes"
        )
    grid = (int(maps.shape[1]), int(maps.shape[2]))
    return maps, labeled_regions(image.shapes, image.size_wh, grid)


def _looked_at(image: SegmentedImage, classes: tuple[str, ...], limits: Floats) -> _Image:
    """An image with all that is judged in it."""
    maps, regions = _on_grid(image, classes)
    meeting = meet_regions(maps, regions, limits)
    return _Image(image.shapes, image.size_wh, maps, regions, meeting)


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
        outlines = Outlines(self.maps, self.regions)
        return at_full_size(outlines.at(region), outlines.above(region), self.size_wh)


@dataclass(eq=False)
class _Seen:
    """Numbers of all images so far."""

    classes: tuple[str, ...]
    labels: list[LabelRow] = field(default_factory=list)
    region_at: list[int] = field(default_factory=list)
    places: list[PlaceRow] = field(default_factory=list)
    part_at: list[int] = field(default_factory=list)
    placebo: list[float] = field(default_factory=list)
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def add(self, key: str, image: _Image) -> None:
        """Adds an image."""
        known = {name: i for i, name in enumerate(self.classes)}
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
                    float(image.maps[:, region.cells].max()),
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
