"""Streams without drift: how long a watch runs before its first false alarm.

Each stream has its own finite reference, which is stored and read again. The evidence does
not depend on the run length that was asked for, so one pass tells of several.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.drift_evidence import evidence, evidence_together, first_at, reference_of
from bench.drift_looks import Looks
from bench.shape import gate, tell
from pitmark.quality.drift.input_statistics import STATISTIC_NAMES
from pitmark.quality.drift.reference import DriftReference

Floats = NDArray[np.float64]

PHIS = (0.0, 0.9)
STATED = (1_000, 2_000, 5_000, 10_000, 50_000)
_WIDTH = 48
# So many streams in one pass, the first of which the device's monitor sees, too.
_TOGETHER = 50
_CHECKED_IMAGES = 2_000
_SCALES = np.array([1, 1, 1, 1, 2, 0.2, 1, 1, 2, 2, 2]) * 0.01
_MEANS = np.array([0.4, 0.1, 0.1, 0.1, 0.5, 0.02, 0, 0, 0, 0, 0])


def false_alarms(
    *, streams: int, images: int, reference_images: int, seed: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Runs before the first false alarm, against those that were asked for.

    Args:
        streams: How many, each independent of the others.
        images: Length of a stream after its reference.
        reference_images: Length of the reference.
        seed: Of the draws.

    Returns:
        Results and gates.
    """
    results, gates = [], []
    for phi in PHIS:
        seen: list[Floats] = []
        for start in range(0, streams, _TOGETHER):
            references, rest = [], []
            for number in range(start, min(start + _TOGETHER, streams)):
                rng = np.random.default_rng([seed, number, int(100 * phi)])
                values = _line(rng, reference_images + images, phi)
                references.append(reference_of(values.at(np.arange(reference_images))))
                rest.append(values.at(np.arange(reference_images, len(values))))
            found = evidence_together(references, rest, enough=max(STATED))
            _check(found[0], references[0], rest[0])
            seen += list(found)
            tell(f"autocorrelation {phi}: {len(seen)} of {streams} streams")
        for stated in STATED:
            one = _run(seen, stated, images, seed)
            results.append({"case": "false_alarms", "autocorrelation": phi,
                            "reference_images": reference_images, **one})  # fmt: skip
            name = f"run between false alarms / {stated} stated, autocorrelation {phi}"
            gates.append(gate(name, one["low"], 1.0, at_least=True))
    return results, gates


def _check(together: Floats, reference: DriftReference, stream: Looks) -> None:
    """The device's own monitor must say the same of a stream; the pass is only faster."""
    some = stream.at(np.arange(min(len(stream), _CHECKED_IMAGES)))
    alone = evidence(reference, some, enough=max(STATED))
    np.testing.assert_allclose(together[: len(alone)], alone, rtol=1e-6)


def _run(seen: list[Floats], stated: int, images: int, seed: int) -> dict[str, Any]:
    """The run of streams, cut at their end.

    `median` is images watched per false alarm over the run that was asked for, `low` and
    `high` its 95 % interval over streams; where fewer than 5 streams alarm, the mean run
    itself, which is cut at the length of the streams, is all that can be said.
    """
    first = [first_at(e, stated) for e in seen]
    block = images // len(seen[0])
    watched = np.array([images if n is None else n * block for n in first], float)
    alarms = np.array([n is not None for n in first])
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, len(first), (2000, len(first)))
    ratio = watched[picks].sum(axis=1) / np.maximum(alarms[picks].sum(axis=1), 1)
    low, high = np.quantile(ratio, (0.025, 0.975)) / stated
    return {
        "metric": "run_length_ratio",
        "stated": stated,
        "streams": len(first),
        "images": images,
        "alarms": int(alarms.sum()),
        "cut_mean": round(float(watched.mean()), 1),
        "median": round(float(watched.sum() / max(alarms.sum(), 1) / stated), 3),
        "low": round(float(low), 3),
        "high": round(float(high), 3),
    }


def _line(rng: np.random.Generator, count: int, phi: float) -> Looks:
    """A steady line whose figures each resemble those of the image before by `phi`."""
    width = len(STATISTIC_NAMES) + 1 + _WIDTH
    values = rng.normal(size=(count + 100, width))
    if phi:
        step = np.sqrt(1 - phi**2)
        for n in range(1, len(values)):
            values[n] = phi * values[n - 1] + step * values[n]
    values = values[100:]
    head = len(STATISTIC_NAMES)
    return Looks(
        _MEANS + _SCALES * values[:, :head],
        values[:, head + 1 :] / np.arange(1, _WIDTH + 1),
        0.3 + 0.05 * values[:, head],
    )
