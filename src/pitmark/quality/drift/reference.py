"""What a line looked like when its model was released: the reference of drift.

Small enough for a bundle (under 1 MB), read with numpy alone, nothing to unpickle.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.quality.drift.block_spread import fit_baseline
from pitmark.quality.drift.conditions import (
    Conditions,
    Tags,
    conditions_from_json,
    conditions_to_json,
)
from pitmark.quality.drift.embedding_basis import EmbeddingBasis, fit_basis
from pitmark.quality.drift.eprocess import Baseline, Mixture
from pitmark.quality.drift.input_statistics import STATISTIC_NAMES
from pitmark.quality.drift.odd_images import stored_odd_images
from pitmark.quality.drift.reference_figures import (
    ENOUGH_IMAGES,
    checked_figures,
    resolutions,
    without_shifts,
)

Array = NDArray[np.float64]

FORMAT_VERSION = 1
DEFAULT_BLOCK = 10
# Values further than this from the center, in spreads, count as this far: a single odd
# image must not speak for a drift.
BOUND = 3.0
_SCORE = len(STATISTIC_NAMES)
_ENOUGH_FREEDOM = 20
# Whatever the zip and npy readers raise on bytes that are not what they seem.
_DAMAGE = (
    ValueError, KeyError, TypeError, IndexError, EOFError, OSError, RuntimeError, SyntaxError,
    OverflowError, MemoryError, struct.error, zlib.error, zipfile.BadZipFile,
)  # fmt: skip
_ARRAYS = (
    "centers", "scales", "means", "deviations", "block_mean", "block_variance", "freedom",
    "weight", "floor", "pair_variance", "embedding_center", "embedding_directions",
    "condition_shifts",
)  # fmt: skip
# Not in references of before they were kept.
_LATER_ARRAYS = ("condition_usual", "condition_doubt", "odd_count", "odd_weight")


@dataclass(frozen=True, slots=True)
class DriftReference:
    """The look of a line without drift.

    `names` lists the C components: input statistics, "score", embedding directions
    "direction 1" and on, "distance". `centers` and `scales` (C,) turn values into
    spreads; `means` and `deviations` (C,) are plain, for telling. `pair_variance` (C,) is
    half the mean squared difference of images that are no neighbors, in spreads. Shifts by
    `conditions` are taken off all images first. `caveat` says in words what the reference
    cannot promise; empty when it is large enough.
    """

    names: tuple[str, ...]
    images: int
    block: int
    centers: Array
    scales: Array
    means: Array
    deviations: Array
    pair_variance: Array
    baseline: Baseline
    basis: EmbeddingBasis
    conditions: Conditions
    caveat: str

    @staticmethod
    def fit(
        statistics: NDArray[np.floating[Any]],
        embeddings: NDArray[np.floating[Any]],
        scores: NDArray[np.floating[Any]],
        *,
        block: int = DEFAULT_BLOCK,
        tags: Sequence[Tags] = (),
        conditions: Sequence[str] = (),
    ) -> DriftReference:
        """The reference made of images without drift.

        Give images in order of time that the model was not trained on, such as
        validation images or the first hours of the line: the order shows how much
        neighbors resemble each other. Where it is not known, the monitor learns that
        from the stream, but a short run of correlated images that was shuffled cannot
        be told from independent ones and alarms too early.

        Args:
            statistics: (N, 11) of `image_statistics`, N at least 5.
            embeddings: (N, D) of the model, D may be 0.
            scores: (N,) image scores.
            block: Images whose mean is judged as one, at least 1.
            tags: (N,) such as {"camera": "2"}; only needed for conditions.
            conditions: Names of tags that shift images without being drift, such as
                ("camera", "finish"). The line must tell them of every image. Images of
                a value that fewer than 4 have are set aside.

        Returns:
            The reference. With few images it is cautious: it needs a larger or longer
            drift before the monitor alarms, and `caveat` says so.

        Raises:
            NotEnoughDataError: Fewer than 5 images of conditions that others share.
            InvalidInputError: Shapes that do not agree, or values that are no numbers.
        """
        stats, embeds, score = checked_figures(statistics, embeddings, scores, block)
        by = Conditions.none()
        if conditions:
            figures, by = without_shifts(
                np.column_stack([stats, score, embeds]), tags, conditions
            )
            stats, score, embeds = np.split(figures, [_SCORE, _SCORE + 1], axis=1)
        basis, measured = fit_basis(embeds)
        values = np.column_stack([stats, score, measured])
        names = _names(len(basis.directions))
        resolution = resolutions(embeds, measured.shape[1])
        centers = np.median(values, axis=0)
        deviations = values.std(axis=0, ddof=1)
        robust = 1.4826 * np.median(np.abs(values - centers), axis=0)
        scales = np.maximum(np.maximum(robust, 0.3 * deviations), resolution)
        bounded = np.clip((values - centers) / scales, -BOUND, BOUND)
        floor = np.square(resolution / scales) / block
        baseline = fit_baseline(bounded, block, bound=BOUND, floor=floor)
        if by.names:
            baseline = _less_certain(baseline, by, len(values))
        return DriftReference(
            names=names,
            images=len(values),
            block=block,
            centers=centers,
            scales=scales,
            means=values.mean(axis=0),
            deviations=deviations,
            pair_variance=_pair_variance((values - centers) / scales),
            baseline=baseline,
            basis=basis,
            conditions=by,
            caveat=_caveat(len(values), names, baseline),
        )

    def values(
        self,
        statistics: NDArray[Any],
        embedding: NDArray[Any],
        score: float,
        *,
        tags: Tags | None = None,
    ) -> Array:
        """One image as components, in their own units, shifts by conditions taken off.

        Args:
            statistics: (11,) of `image_statistics`.
            embedding: (D,) of the model.
            score: Of the image.
            tags: Of the image; they must name a known value of each condition.

        Returns:
            (C,) in the order of `names`.

        Raises:
            InvalidInputError: Another length than the reference's, no numbers, or
                a condition that the reference does not know.
        """
        stats = np.asarray(statistics, dtype=np.float64)
        embeds = np.asarray(embedding, dtype=np.float64)
        if stats.shape != (len(STATISTIC_NAMES),) or embeds.shape != self.basis.center.shape:
            raise InvalidInputError(
                f"the drift reference holds {len(STATISTIC_NAMES)} statistics and"
                f" {len(self.basis.center)} embedding values, found {stats.shape} and"
                f" {embeds.shape}",
                hint="Reference and model must come from the same release.",
            )
        figures = np.concatenate([stats, [score], embeds]) - self.conditions.shift(tags or {})
        width = len(stats) + 1
        measured = self.basis.measure(figures[None, width:])[0]
        values = np.concatenate([figures[:width], measured])
        if not np.isfinite(values).all():
            bad = self.names[int(np.argmin(np.isfinite(values)))]
            raise InvalidInputError(f"{bad} of this image is no number")
        return values

    def spreads(self, values: Array) -> Array:
        """Components in spreads from the center.

        Args:
            values: (..., C) of `values`.

        Returns:
            (..., C); bound them by `BOUND` before averaging.
        """
        return np.asarray((values - self.centers) / self.scales)

    @property
    def mixture(self) -> Mixture | None:
        """How the conditions were mixed and how sure their shifts are; None without any."""
        if not self.conditions.names:
            return None
        # One block mean varies as much as this many images, were they independent.
        return Mixture(self.conditions.usual, self.conditions.doubt * self.block)

    def to_bytes(self) -> bytes:
        """The reference as an npz file without pickles."""
        about = {
            "format_version": FORMAT_VERSION,
            "names": list(self.names),
            "images": self.images,
            "block": self.block,
            "blocks": self.baseline.blocks,
            "conditions": conditions_to_json(self.conditions),
            "caveat": self.caveat,
        }
        text = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
        arrays = self._arrays()
        for name in ("embedding_directions", "condition_shifts"):
            arrays[name] = arrays[name].astype(np.float32)
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, about=text, **arrays)
        return buffer.getvalue()

    @staticmethod
    def from_bytes(data: bytes) -> DriftReference:
        """The reference that `to_bytes` wrote.

        Args:
            data: The bytes.

        Returns:
            The reference.

        Raises:
            InvalidInputError: Damaged, or written by a newer Pitmark.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as stored:
                about = json.loads(bytes(stored["about"]))
                there = [*_ARRAYS, *(n for n in _LATER_ARRAYS if n in stored)]
                arrays = {n: stored[n].astype(np.float64) for n in there}
            reference = _assembled(about, arrays)
        except _DAMAGE as exc:
            raise InvalidInputError(f"the drift reference is damaged: {exc}") from exc
        return reference

    def digest(self) -> str:
        """A short hash by which a monitor's state knows its reference."""
        arrays = self._arrays()
        parts = b"".join(a.astype(np.float32).tobytes() for a in arrays.values())
        return hashlib.sha256(parts).hexdigest()[:16]

    def _arrays(self) -> dict[str, Array]:
        odd = self.baseline.odd
        counted = {} if odd is None else {"odd_count": odd.count, "odd_weight": odd.weight}
        return {
            "centers": self.centers,
            "scales": self.scales,
            "means": self.means,
            "deviations": self.deviations,
            "pair_variance": self.pair_variance,
            "block_mean": self.baseline.mean,
            "block_variance": self.baseline.variance,
            "freedom": self.baseline.freedom,
            "weight": self.baseline.weight,
            "floor": self.baseline.floor,
            "embedding_center": self.basis.center,
            "embedding_directions": self.basis.directions,
            "condition_shifts": self.conditions.shifts,
            "condition_usual": self.conditions.usual,
            "condition_doubt": self.conditions.doubt,
            **counted,
        }


def _less_certain(baseline: Baseline, by: Conditions, images: int) -> Baseline:
    """Allows for shifts that were fitted to the very images of the reference."""
    share = max(images - len(by.values), 1) / images
    return replace(
        baseline,
        variance=baseline.variance / share,
        freedom=baseline.freedom * share,
        # Odd images may come from one value alone, and their shares are not allowed for.
        odd=None,
    )


def squared_difference(spreads: Array, others: Array) -> Array:
    """How far images lie apart, outliers bounded.

    Args:
        spreads: (..., C) in spreads.
        others: The same of other images.

    Returns:
        (..., C) in [0, 36].
    """
    return np.asarray(np.square(np.clip(spreads - others, -2 * BOUND, 2 * BOUND)))


def _pair_variance(spreads: Array) -> Array:
    """Half the mean squared difference over images a quarter to a half of the time apart."""
    count = len(spreads)
    lags = np.unique(np.linspace(max(count // 4, 1), max(count // 2, 1), 40).astype(int))
    pairs = [squared_difference(spreads, np.roll(spreads, lag, axis=0)) for lag in lags]
    return np.asarray(np.mean(pairs, axis=(0, 1)) / 2)


def _assembled(about: Mapping[str, Any], arrays: Mapping[str, Array]) -> DriftReference:
    version = about["format_version"]
    if version != FORMAT_VERSION:
        raise ValueError(f"format version {version!r}, this Pitmark reads {FORMAT_VERSION}")
    names = tuple(str(n) for n in about["names"])
    images, block = int(about["images"]), int(about["block"])
    shaped = all(arrays[n].shape == (len(names),) for n in _ARRAYS[:10])
    directions = arrays["embedding_directions"]
    shaped &= directions.ndim == 2 and directions.shape[1:] == arrays["embedding_center"].shape
    if not shaped or names != _names(len(directions)) or images < 1 or block < 1:
        raise ValueError("its parts do not fit together")
    if not all(np.isfinite(a).all() for a in arrays.values()):
        raise ValueError("it holds values that are no numbers")
    baseline = Baseline(
        blocks=float(about["blocks"]),
        mean=arrays["block_mean"],
        variance=arrays["block_variance"],
        freedom=arrays["freedom"],
        weight=arrays["weight"],
        floor=arrays["floor"],
        odd=stored_odd_images(arrays, images, block),
    )
    plain = ("centers", "scales", "means", "deviations", "pair_variance")
    by = conditions_from_json(
        about["conditions"],
        arrays["condition_shifts"],
        arrays.get("condition_usual"),
        arrays.get("condition_doubt"),
    )
    width = len(STATISTIC_NAMES) + 1 + len(arrays["embedding_center"])
    if not 0 < baseline.blocks <= images / block or (by.names and by.shifts.shape[1] != width):
        raise ValueError("its parts do not fit together")
    return DriftReference(
        names=names,
        images=images,
        block=block,
        **{n: arrays[n] for n in plain},
        baseline=baseline,
        basis=EmbeddingBasis(arrays["embedding_center"], directions),
        conditions=by,
        caveat=str(about["caveat"]),
    )


def _names(directions: int) -> tuple[str, ...]:
    embedding = [f"direction {i + 1}" for i in range(directions)]
    return (*STATISTIC_NAMES, "score", *embedding, *(["distance"] if directions else []))


def _caveat(images: int, names: tuple[str, ...], baseline: Baseline) -> str:
    if images < ENOUGH_IMAGES:
        return (
            f"The reference has only {images} images: small drifts are found late or never."
            f" {ENOUGH_IMAGES} or more are good."
        )
    poor = int((baseline.freedom < _ENOUGH_FREEDOM).sum())
    if poor:
        worst = int(np.argmin(baseline.freedom))
        return (
            f"Neighboring images resemble each other so much that the {images} images of the"
            f" reference count as {baseline.freedom[worst] + 1:.0f} for {names[worst]}"
            f" ({poor} of {len(names)} figures are concerned): drift of these is found late."
        )
    return ""
