"""Evidence for a change, as numbers that a line may watch for ever.

For every past moment k the detector holds a Bayes factor: how much better do the block
means since k fit another mean than that of everything before (the reference included)?
Mean and spread are unknown to both sides and integrated out, so a small reference weighs
as little as it should. The sum over all k is a Shiryaev-Roberts statistic. Without drift
it grows by one a block on average, hence an alarm at A comes on average no sooner than
after A blocks, whenever one looks. Evidence is larger the more there is for a change.

Sources: the e-detector of Shin, Ramdas and Rinaldo, "E-detectors: a nonparametric
framework for sequential change detection", 2023; the Bayes factor of the two-sample t
test of Goenen, Johnson, Lu and Westfall, 2005 (the right Haar prior makes it an e-value
whatever the true mean and spread are). Figures that hardly ever leave one value have no
mean to speak of; their images are counted instead (`odd_images`).

Much of what the sum may grow by is lost on the way: old moments are dropped, and factors
below one, which speak against a change, are not counted. `DROPPED` gives some of it back,
as measured on simulated lines (docs/decisions/0014), not as proved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.drift.odd_images import OddImages

Array = NDArray[np.float64]

# Variances of the shift, in variances of a block mean: about 0.1, 0.3 and 1 standard
# deviation of single images at ten images a block.
PRIOR_VARIANCES = np.array([0.1, 1.0, 10.0])
# Starts younger than this many blocks are all kept; then half as many per doubling of age.
RECENT_STARTS = 8
# A larger factor would break the stated run where a correlated line's reference was shuffled.
DROPPED = 3.0
_SUMS = ("sums", "squares", "raw", "odd")
_TOTALS = ("total_sums", "total_squares", "total_raw", "total_odd")


@dataclass(frozen=True, slots=True)
class Mixture:
    """In which shares a reference had the values of its conditions, and how sure they are.

    `usual` (V,) are the shares, `doubt` (V, V) the covariance of the shifts that are taken
    off, in variances of a block mean.
    """

    usual: Array
    doubt: Array


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a finite reference knows of block means; all arrays are (C,), one per component.

    `blocks` is its length in blocks. `mean` and `variance` are those of one block mean,
    `freedom` the degrees of freedom behind the variance, `floor` the least variance to
    believe. `weight` in (0, 1] is the share of an independent block that each block is
    worth where neighbors are correlated. `odd` is what is known of figures whose images
    are counted instead; None where there are none.
    """

    blocks: float
    mean: Array
    variance: Array
    freedom: Array
    weight: Array
    floor: Array
    odd: OddImages | None = None


@dataclass(slots=True)
class RestartSums:
    """Sums of a stream's block means before each moment at which it may have changed.

    `starts` (K,) are numbers of blocks before the moment; `sums`, `squares` and `raw`
    (K, C) are sums over those blocks of the bounded values, their squares, and the values
    in their own unit; `odd` (K, C) are numbers of odd images. The `total_*` (C,) are the
    same over the whole stream. `shares` (K, V) and `total_shares` (V,) are sums of the shares
    in which each block's images had the values of conditions.
    """

    components: int
    blocks: int = 0
    conditions: int = 0
    starts: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    sums: Array = field(init=False)
    squares: Array = field(init=False)
    raw: Array = field(init=False)
    odd: Array = field(init=False)
    total_sums: Array = field(init=False)
    total_squares: Array = field(init=False)
    total_raw: Array = field(init=False)
    total_odd: Array = field(init=False)
    shares: Array = field(init=False)
    total_shares: Array = field(init=False)

    def __post_init__(self) -> None:
        empty = np.empty((0, self.components))
        zero = np.zeros(self.components)
        for name, total in zip(_SUMS, _TOTALS, strict=True):
            setattr(self, name, empty.copy())
            setattr(self, total, zero.copy())
        self.shares = np.empty((0, self.conditions))
        self.total_shares = np.zeros(self.conditions)

    def add(
        self,
        values: Array,
        raw: Array,
        shares: Array | None = None,
        *,
        odd: Array | None = None,
    ) -> None:
        """Takes the next block mean; the stream may have changed just before it.

        Args:
            values: (C,) mean of the bounded values of the block's images.
            raw: (C,) mean of the same images in their own units.
            shares: (V,) share of the block's images with each value of a condition.
            odd: (C,) how many of its images are odd; None where none is counted.
        """
        keep = _kept(self.starts, self.blocks + 1)
        self.starts = np.append(self.starts[keep], self.blocks)
        self.sums = np.vstack([self.sums[keep], self.total_sums])
        self.squares = np.vstack([self.squares[keep], self.total_squares])
        self.raw = np.vstack([self.raw[keep], self.total_raw])
        self.odd = np.vstack([self.odd[keep], self.total_odd])
        self.shares = np.vstack([self.shares[keep], self.total_shares])
        self.blocks += 1
        if shares is not None:
            self.total_shares = self.total_shares + shares
        self.total_sums = self.total_sums + values
        self.total_squares = self.total_squares + values**2
        self.total_raw = self.total_raw + raw
        if odd is not None:
            self.total_odd = self.total_odd + odd

    def log_evidence(self, baseline: Baseline, mixture: Mixture | None = None) -> Array:
        """Evidence that each component has changed at each moment.

        Args:
            baseline: What is known of block means without drift.
            mixture: Of the conditions whose shifts were taken off; None without any.

        Returns:
            (K, C) natural logarithms of Bayes factors, in the order of `starts`.
        """
        before = self.starts[:, None].astype(np.float64)
        after = self.blocks - before
        whole = baseline.blocks + before
        mean_before = (baseline.blocks * baseline.mean + self.sums) / whole
        mean_after = (self.total_sums - self.sums) / after
        spread = self.squares + baseline.blocks * baseline.mean**2 - whole * mean_before**2
        spread += self.total_squares - self.squares - after * mean_after**2
        weight = baseline.weight
        freedom = baseline.freedom + weight * self.blocks - 1
        within = baseline.freedom * baseline.variance + weight * np.maximum(spread, 0)
        within = np.maximum(within, np.maximum(freedom, 0) * baseline.floor)
        doubt = 1 / whole + 1 / after
        if mixture is not None:
            doubt = doubt + self._mixture_doubt(mixture, baseline.blocks)[:, None]
        harmonic = weight / doubt
        found = _log_bayes_factor(mean_after - mean_before, within, freedom, harmonic)
        if baseline.odd is not None:
            counted = baseline.odd.counted
            found[:, counted] = baseline.odd.log_evidence(
                self.odd[:, counted], self.total_odd[counted], self.starts, self.blocks
            )
        return found

    def _mixture_doubt(self, mixture: Mixture, blocks: float) -> Array:
        """(K,) how much less sure each comparison is: conditions come in other shares."""
        start = self.starts[:, None].astype(np.float64)
        before = (blocks * mixture.usual + self.shares) / (blocks + start)
        moved = (self.total_shares - self.shares) / (self.blocks - start) - before
        return np.asarray(np.einsum("kv,vw,kw->k", moved, mixture.doubt, moved))

    def to_json(self) -> dict[str, Any]:
        """The sums as plain JSON types."""
        names = ("starts", *_SUMS, *_TOTALS, "shares", "total_shares")
        arrays = {name: getattr(self, name).tolist() for name in names}
        return {"blocks": self.blocks, **arrays}

    @staticmethod
    def from_json(data: Mapping[str, Any], components: int, conditions: int = 0) -> RestartSums:
        """The sums that `to_json` wrote.

        Args:
            data: The JSON object.
            components: How many there must be.
            conditions: How many values of conditions there must be.

        Returns:
            The sums.

        Raises:
            ValueError: Shapes that do not fit together.
        """
        found = RestartSums(components, int(data["blocks"]), conditions)
        found.starts = np.asarray(data["starts"], dtype=np.int64)
        for name in _SUMS:
            rows = np.asarray(data[name], dtype=np.float64)
            setattr(found, name, rows.reshape(len(found.starts), components))
        for name in _TOTALS:
            setattr(found, name, np.asarray(data[name], dtype=np.float64).reshape(components))
        shares = np.asarray(data["shares"], dtype=np.float64)
        found.shares = shares.reshape(len(found.starts), conditions)
        found.total_shares = np.asarray(data["total_shares"], np.float64).reshape(conditions)
        if (found.starts >= found.blocks).any() or (found.starts < 0).any():
            raise ValueError("a moment lies outside the stream")
        return found


def log_sum(log_values: Array) -> Array:
    """Logarithm of the sum over the first axis, without overflow.

    Args:
        log_values: (K, ...), K at least 1.

    Returns:
        (...) logarithms.
    """
    peak = log_values.max(axis=0)
    total: Array = peak + np.log(np.exp(log_values - peak).sum(axis=0))
    return total


def gathered(log_evidence: Array, block: int) -> Array:
    """Logarithm of the evidence that is held against the run length, in images.

    Args:
        log_evidence: (K, ...) Bayes factors by moment.
        block: Images per block.

    Returns:
        (...) logarithms; minus infinity where no moment speaks for a change.
    """
    speaks = log_evidence > 0
    excess = np.log(np.expm1(np.where(speaks, np.minimum(log_evidence, 690.0), 1.0)))
    excess = np.where(log_evidence > 690.0, log_evidence, excess)
    excess = np.where(speaks, excess, -np.inf)
    peak = np.where(speaks.any(axis=0), excess.max(axis=0), 0.0)
    with np.errstate(divide="ignore"):
        total: Array = peak + np.log(np.exp(excess - peak).sum(axis=0) * DROPPED * block)
    return total


def _log_bayes_factor(shift: Array, within: Array, freedom: Array, harmonic: Array) -> Array:
    """Mixed over the prior variances; 0 (no opinion) where no freedom is left."""
    usable = np.broadcast_to(freedom > 0, shift.shape) & (within > 0)
    ratio = np.where(usable, harmonic * shift**2 / np.where(within > 0, within, 1), 0.0)
    growth = 1 + harmonic * PRIOR_VARIANCES[:, None, None]
    power = (np.maximum(freedom, 0) + 1) / 2
    each = power * (np.log1p(ratio) - np.log1p(ratio / growth)) - 0.5 * np.log(growth)
    return np.where(usable, log_sum(each) - np.log(len(PRIOR_VARIANCES)), 0.0)


def _kept(starts: NDArray[np.int64], blocks: int) -> NDArray[np.bool_]:
    """Which moments stay: all recent ones, then ever fewer, the first one always.

    Dropping a term of the sum only lowers the evidence, so the run between false alarms
    does not suffer. A moment that is dropped is never asked for again.
    """
    age = np.maximum((blocks - starts) // RECENT_STARTS, 1)
    step = 2 ** np.floor(np.log2(age)).astype(np.int64)
    step = np.where(blocks - starts < RECENT_STARTS, 1, 2 * step)
    kept: NDArray[np.bool_] = starts % step == 0
    return kept
