"""Evidence for a drift along a stream: our monitor, and Kolmogorov-Smirnov on a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bench.drift_looks import Looks
from pitmark.quality.drift.block_spread import resembling
from pitmark.quality.drift.eprocess import Baseline, RestartSums, gathered, log_sum
from pitmark.quality.drift.monitor import DriftMonitor
from pitmark.quality.drift.neighbor_correlation import NeighborCorrelation
from pitmark.quality.drift.reference import BOUND, DriftReference

Floats = NDArray[np.float64]
# Larger than any alarm asks for: the monitor then goes on without explaining anything.
_NEVER = 10**9


def reference_of(looks: Looks, tags: list[dict[str, str]] | None = None) -> DriftReference:
    """A reference as a device has it: stored, and read again."""
    by = tuple(tags[0]) if tags else ()
    made = DriftReference.fit(
        looks.statistics, looks.embeddings, looks.scores, tags=tags or (), conditions=by
    )
    return DriftReference.from_bytes(made.to_bytes())


def evidence(
    reference: DriftReference,
    stream: Looks,
    *,
    enough: float = float("inf"),
    tags: list[dict[str, str]] | None = None,
) -> Floats:
    """The monitor's evidence after each block of a stream.

    Args:
        reference: It watches against this.
        stream: In order of time.
        enough: No more is looked at once the evidence is this large.
        tags: Of the images.

    Returns:
        (B,) evidence; it goes on as infinity after `enough`.
    """
    monitor = DriftMonitor(reference, run_length_images=_NEVER)
    block = reference.block
    out = np.full(len(stream) // block, np.inf)
    for n in range(len(out) * block):
        state = monitor.update(
            stream.statistics[n],
            stream.embeddings[n],
            float(stream.scores[n]),
            tags=tags[n] if tags else None,
        )
        if (n + 1) % block == 0:
            out[n // block] = state.evidence
            if state.evidence >= enough:
                break
    return out


def windowed_ks(
    reference: DriftReference, known: Looks, stream: Looks, *, window: int
) -> Floats:
    """The largest Kolmogorov-Smirnov statistic of all figures, after each block.

    Args:
        reference: Says what is measured of an image and how many make a block.
        known: The images of the reference.
        stream: In order of time.
        window: So many of the newest images are compared with the reference.

    Returns:
        (B,) statistics times the root of the harmonic number of images, so that windows
        that are not yet full are judged alike.
    """
    old, new = values_of(reference, known), values_of(reference, stream)
    old.sort(axis=0)
    block = reference.block
    out = np.zeros(len(new) // block)
    for number in range(len(out)):
        end = (number + 1) * block
        part = np.sort(new[max(0, end - window) : end], axis=0)
        root = np.sqrt(len(old) * len(part) / (len(old) + len(part)))
        out[number] = root * max(
            _largest_gap(old[:, c], part[:, c]) for c in range(old.shape[1])
        )
    return out


def values_of(reference: DriftReference, looks: Looks) -> Floats:
    """(N, C) figures of images, as the monitor compares them."""
    return np.stack(
        [
            reference.values(s, e, float(v))
            for s, e, v in zip(looks.statistics, looks.embeddings, looks.scores, strict=True)
        ]
    )


def _largest_gap(old: Floats, new: Floats) -> float:
    """Two-sample Kolmogorov-Smirnov statistic of sorted values."""
    at = np.concatenate([old, new])
    below = np.searchsorted(old, at, side="right") / len(old)
    gap = np.abs(below - np.searchsorted(new, at, side="right") / len(new))
    return float(gap.max())


def first_at(values: Floats, threshold: float) -> int | None:
    """Number of the first block at which a threshold is reached, counted from 1."""
    reached = np.flatnonzero(values >= threshold)
    return int(reached[0]) + 1 if len(reached) else None


def evidence_together(
    references: Sequence[DriftReference], streams: Sequence[Looks], *, enough: float
) -> Floats:
    """What `evidence` says of many streams, in one pass over all of them.

    Args:
        references: S of them, alike in length and in what they measure, without conditions.
        streams: One for each, all of one length.
        enough: As for `evidence`.

    Returns:
        (S, B) evidence, infinite after `enough`.
    """
    if len({(r.block, r.baseline.blocks) for r in references}) > 1:
        raise ValueError("the references are not alike")
    if any(r.baseline.odd is not None for r in references):
        raise ValueError("a reference counts odd images, which this pass does not")
    block = references[0].block
    stacked = _stacked(references)
    spreads = np.concatenate(
        [_spreads(r, s) for r, s in zip(references, streams, strict=True)], axis=1
    )
    parts = np.split(
        np.arange(spreads.shape[1]), np.cumsum([len(r.names) for r in references])[:-1]
    )
    sums, neighbors = RestartSums(spreads.shape[1]), NeighborCorrelation(spreads.shape[1])
    out = np.full((len(references), len(spreads) // block), np.inf)
    for number in range(out.shape[1]):
        images = spreads[number * block : (number + 1) * block]
        for row in images:
            neighbors.add(row)
        mean = np.clip(images, -BOUND, BOUND).mean(axis=0)
        sums.add(mean, mean)
        phi = neighbors.phi(stacked)
        baseline = resembling(
            stacked.baseline, phi, image_variance=stacked.pair_variance, block=block
        )
        whole = sums.log_evidence(baseline)
        open_ = ~(out[:, :number] >= enough).any(axis=1)
        for n in np.flatnonzero(open_):
            out[n, number] = _averaged(references[n], whole[:, parts[n]], phi[parts[n]])
        if not open_.any():
            break
    return out


def _spreads(reference: DriftReference, stream: Looks) -> Floats:
    measured = reference.basis.measure(stream.embeddings)
    return reference.spreads(np.column_stack([stream.statistics, stream.scores, measured]))


def _stacked(references: Sequence[DriftReference]) -> DriftReference:
    """One reference with the figures of all, beside each other."""
    fields = ("mean", "variance", "freedom", "weight", "floor")
    columns = {f: np.concatenate([getattr(r.baseline, f) for r in references]) for f in fields}
    return replace(
        references[0],
        pair_variance=np.concatenate([r.pair_variance for r in references]),
        baseline=Baseline(references[0].baseline.blocks, **columns),
    )


def _averaged(reference: DriftReference, log_evidence: Floats, phi: Floats) -> float:
    """The monitor's evidence of one stream from that of its figures."""
    left_out = NeighborCorrelation(len(phi)).distrusted(reference, phi)
    kept = np.where(left_out, -1e3, log_evidence)
    average = log_sum(kept.T) - np.log(len(phi))
    return float(np.exp(gathered(average, reference.block)))
