"""Agreement on masks, fed with one image after the other: only counts are kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.agreement import alpha_of_sums, coincidences
from pitmark.metrics.cluster_draws import (
    ClusterDraws,
    Floats,
    divided,
    exp_mean_of_sums,
    mean_of_sums,
)
from pitmark.metrics.intervals import Interval
from pitmark.metrics.mask_overlap import MaskOverlap, compare_masks, outlined, shared_part
from pitmark.metrics.ratings import NO_ANSWER, Ratings
from pitmark.metrics.record import Record

REFERENCE = "(reference)"
Labels = NDArray[np.intp]


@dataclass(frozen=True)
class MaskComparison(Record):
    """Two people (or one and the reference) on one class.

    `images` were answered by both, `marked` counts those on which either marks the class.
    `dice` is the mean over marked images, a class that only one marks giving 0;
    `pooled_dice` takes all pixels together. `presence` is how often the other one marks
    the class too, given that one does. Distances are means over the images on which both
    mark it; `area_ratio` is second to first there. `sensitivity` and `specificity` are of
    the pixels of the second, the first being taken for the truth; None between people.
    """

    name: str
    first: str
    second: str
    images: int
    marked: int
    dice: Interval
    pooled_dice: Interval
    presence: Interval
    border_mean_px: Interval
    border_p95_px: Interval
    area_ratio: Interval
    sensitivity: Interval | None
    specificity: Interval | None


@dataclass(frozen=True)
class MaskAgreement(Record):
    """Agreement on masks: between labelers, within each, and against the reference.

    `pixel_alpha` is Krippendorff's alpha of pixels, background included.
    """

    images: int
    pixel_alpha: Interval
    between: tuple[MaskComparison, ...]
    within: tuple[MaskComparison, ...]
    against_reference: tuple[MaskComparison, ...]


class MaskTally:
    """Collects what agreement on masks is computed from.

    Args:
        classes: Names; in a label map class k is k + 1, and 0 is background.
        labelers: Name of each column; columns of one name are repeated trials.
        draws: Over the images.
        borders: Whether to measure distances between borders.
    """

    def __init__(
        self,
        classes: Sequence[str],
        labelers: Sequence[str],
        draws: ClusterDraws,
        *,
        borders: bool = True,
    ) -> None:
        self._classes, self._labelers = tuple(classes), tuple(labelers)
        self._draws, self._borders = draws, borders
        self._pixels = np.zeros((draws.count, 2 + len(classes)))
        self._found: dict[tuple[int, str, str], list[tuple[int, MaskOverlap]]]
        self._found = defaultdict(list)
        self._images = 0

    def add(
        self, image: int, maps: Mapping[int, Labels], *, reference: Labels | None = None
    ) -> None:
        """Take in one image.

        Args:
            image: Its number among the clusters of `draws`.
            maps: Column to (H, W) label map; columns without an answer are left out.
            reference: (H, W) true label map, if known.

        Raises:
            InvalidInputError: The maps differ in size.
        """
        named = {REFERENCE: reference} if reference is not None else {}
        sizes = {m.shape for m in (*maps.values(), *named.values())}
        if len(sizes) > 1:
            raise InvalidInputError(f"masks of one image differ in size: {sorted(sizes)}")
        if not maps:
            return
        self._images += 1
        if len({self._labelers[c] for c in maps}) > 1:
            self._pixels[image] += self._pixel_sums(maps)
        for index in range(len(self._classes)):
            self._compare(image, index, maps, reference)

    def apart(self) -> Floats:
        """How far labelers part on each image, in [0, 1]; 0 where none marks anything.

        Half the marked pixels on which two of them differ, of all that they mark.
        """
        marks = 2 * self._pixels[:, 2:].sum(axis=1)
        return np.nan_to_num(divided(self._pixels[:, 0], marks))

    def figures(self) -> MaskAgreement:
        """The figures over all images taken in."""
        kinds: dict[str, list[MaskComparison]] = {"between": [], "within": [], "true": []}
        for (index, first, second), found in self._found.items():
            kind = "within" if first == second else "between"
            kind = "true" if first == REFERENCE else kind
            kinds[kind].append(self._comparison(index, first, second, found))
        return MaskAgreement(
            images=self._images,
            pixel_alpha=self._draws.interval(self._pixels, alpha_of_sums),
            between=tuple(kinds["between"]),
            within=tuple(kinds["within"]),
            against_reference=tuple(kinds["true"]),
        )

    def _pixel_sums(self, maps: Mapping[int, Labels]) -> Floats:
        """Sums of `coincidences` over all pixels, by way of the few patterns there are."""
        layers = np.stack([maps[c].ravel() for c in maps])
        marked = layers.any(axis=0)
        keys = np.zeros(int(marked.sum()), dtype=np.int64)
        for layer in layers:
            _, keys = np.unique(
                keys * (len(self._classes) + 1) + layer[marked], return_inverse=True
            )
        _, first, counts = np.unique(keys, return_index=True, return_counts=True)
        codes = np.full((len(first) + 1, len(self._labelers)), NO_ANSWER)
        for layer, column in zip(layers, maps, strict=True):
            codes[:-1, column] = layer[marked][first]
            codes[-1, column] = 0
        names = ("background", *self._classes)
        sums = coincidences(Ratings.of(codes, names, self._labelers))
        weights = np.append(counts, layers.shape[1] - int(marked.sum()))
        return np.asarray(weights @ sums)

    def _compare(
        self, image: int, index: int, maps: Mapping[int, Labels], reference: Labels | None
    ) -> None:
        masks = {c: m == index + 1 for c, m in maps.items()}
        true = None if reference is None else reference == index + 1
        every = [*masks.values(), *([] if true is None else [true])]
        size = every[0].size
        rows, columns = shared_part(every)
        cut = {c: outlined(m[rows, columns], borders=self._borders) for c, m in masks.items()}
        for one, other in combinations(sorted(masks), 2):
            names = self._labelers[one], self._labelers[other]
            if names[0] != names[1] and self._trial(one) != self._trial(other):
                continue
            if self._labelers.index(names[0]) > self._labelers.index(names[1]):
                one, other, names = other, one, names[::-1]
            found = compare_masks(cut[one], cut[other], all_px=size)
            self._found[index, names[0], names[1]].append((image, found))
        if true is None:
            return
        truth = outlined(true[rows, columns], borders=self._borders)
        for column, mask in cut.items():
            self._found[index, REFERENCE, self._labelers[column]].append(
                (image, compare_masks(truth, mask, all_px=size))
            )

    def _trial(self, column: int) -> int:
        return self._labelers[:column].count(self._labelers[column])

    def _comparison(
        self, index: int, first: str, second: str, found: list[tuple[int, MaskOverlap]]
    ) -> MaskComparison:
        sums = _PairSums(found, self._draws)
        marked, met = sums.one + sums.other > 0, (sums.one > 0) & (sums.other > 0)
        logs: Floats = np.log(np.maximum(sums.other, 1)) - np.log(np.maximum(sums.one, 1))
        outside = sums.every - sums.one
        true = first == REFERENCE
        measured = met & self._borders
        return MaskComparison(
            name=self._classes[index],
            first=first,
            second=second,
            images=len(np.unique(sums.images)),
            marked=len(np.unique(sums.images[marked])),
            dice=sums.mean([o.dice or 0.0 for _, o in found], marked),
            pooled_dice=sums.share(2 * sums.both, sums.one + sums.other),
            presence=sums.share(
                2 * met.astype(np.float64), (sums.one > 0) * 1.0 + (sums.other > 0)
            ),
            border_mean_px=sums.mean([o.border_mean_px or 0.0 for _, o in found], measured),
            border_p95_px=sums.mean([o.border_p95_px or 0.0 for _, o in found], measured),
            area_ratio=sums.share(
                np.asarray(logs * met, dtype=np.float64), met * 1.0, ratio=True
            ),
            sensitivity=sums.share(sums.both, sums.one) if true else None,
            specificity=(
                sums.share(outside - sums.other + sums.both, outside) if true else None
            ),
        )


class _PairSums:
    """The counts of one pair over its images, and figures of them."""

    def __init__(self, found: list[tuple[int, MaskOverlap]], draws: ClusterDraws) -> None:
        self._draws = draws
        self.images = np.array([i for i, _ in found], dtype=np.intp)
        counts = [(o.first_px, o.second_px, o.both_px, o.all_px) for _, o in found]
        self.one, self.other, self.both, self.every = np.array(counts, dtype=np.float64).T

    def mean(self, values: Sequence[float], kept: NDArray[np.bool_]) -> Interval:
        return self.share(np.where(kept, values, 0.0), kept.astype(np.float64))

    def share(self, part: Floats, whole: Floats, *, ratio: bool = False) -> Interval:
        sums = self._draws.sums(np.stack([part, whole], axis=1), self.images)
        return self._draws.interval(sums, exp_mean_of_sums if ratio else mean_of_sums)
