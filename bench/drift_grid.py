"""The grid of Failing Loudly on real images: kind, strength, share and number of images.

Every cell has some streams. A stream draws its reference and its line anew from images
that the score has not learned from; on the line a share of the images is shifted from the
first one on, or other classes come. "none" are the same streams without a shift: there is
the false-alarm rate. Kolmogorov-Smirnov looks at the newest `--window` images after each
block; its threshold is the one at which it alarms in as many of these streams as our watch
does at the threshold that is compared (5 % of them).

Source of the protocol: Rabanser, Guennemann and Lipton, "Failing loudly: an empirical study
of methods for detecting dataset shift", 2019.
"""

from __future__ import annotations

import argparse
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.drift_evidence import evidence, first_at, reference_of, windowed_ks
from bench.drift_looks import SHIFTS, Looks, joined, scorer, seen
from bench.sets import NO_DEFECT, read_set
from bench.shape import gate, tell

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SIZES = (10, 20, 50, 100, 200, 500, 1000)
STRENGTHS = (0.25, 0.5, 1.0)
SHARES = (0.1, 0.5, 1.0)
NONE, NEW_PART, RATE = "none", "new part", "class rate"
_LEVEL = 0.05
_LEARNED, _REFERENCE, _MOST_REFERENCE = 0.25, 0.4, 300


@dataclass(frozen=True)
class _Scene:
    """Images of a set that the score has not seen: clean, and by (shift, strength).

    `rows` of the clean images are those that were shifted, too.
    """

    name: str
    clean: Looks
    shifted: Mapping[tuple[str, float], Looks]
    rows: Ints
    labels: Ints
    usual: int


@dataclass(frozen=True)
class _Cell:
    kind: str
    strength: float
    share: float


@dataclass(frozen=True)
class _Course:
    """Evidence of one stream by block: ours, and the windowed statistic."""

    ours: Floats
    theirs: Floats


def grid(
    folder: Path, given: argparse.Namespace
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Detection by kind, strength, share and number of images.

    Args:
        folder: An importable folder with two or more classes.
        given: Options of the bench.

    Returns:
        Results and gates.
    """
    scene = _scene(folder, given)
    cells = [_Cell(k, s, d) for k in SHIFTS for s in STRENGTHS for d in SHARES]
    cells += [_Cell(k, 1.0, d) for k in (NEW_PART, RATE) for d in SHARES]
    calm = [
        _course(scene, _Cell(NONE, 0.0, 0.0), seed, given)
        for seed in range(max(4 * given.seeds, 40))
    ]
    same = _thresholds(calm)
    courses: dict[_Cell, list[_Course]] = {_Cell(NONE, 0.0, 0.0): calm}
    for cell in cells:
        courses[cell] = [_course(scene, cell, n, given) for n in range(given.seeds)]
        tell(f"{scene.name}: {cell.kind} {cell.strength:g} of {cell.share:g}: "
             f"{_told(courses[cell], same, given.run_length)}")  # fmt: skip
    results = [_result(scene.name, cell, found, same, given) for cell, found in courses.items()]
    results += _summary(scene.name, courses, same, given)
    return results, _gates(scene.name, results)


def _scene(folder: Path, given: argparse.Namespace) -> _Scene:
    found = read_set(folder, given)
    rng = np.random.default_rng(0)
    groups = np.array([p.group for p in found.pictures])
    names = rng.permutation(np.unique(groups))
    learned = np.isin(groups, names[: round(_LEARNED * len(names))])
    key = str(folder)
    load = [p.pixels for p in found.pictures]
    clean = seen(load, "", 1.0, keep=given.keep_looks, key=key)
    usual = (
        found.classes.index(NO_DEFECT)
        if NO_DEFECT in found.classes
        else Counter(found.labels.tolist()).most_common(1)[0][0]
    )
    score = scorer(clean.at(np.flatnonzero(learned)), (found.labels != usual)[learned])
    free = np.flatnonzero(~learned)
    rows = np.sort(rng.permutation(len(free))[: given.most])
    chosen = free[rows]
    part = [load[n] for n in chosen]
    mark = zlib.crc32(chosen.tobytes())
    shifted = {
        (k, s): score(seen(part, k, s, keep=given.keep_looks, key=f"{key} {mark}"))
        for k in SHIFTS
        for s in STRENGTHS
    }
    return _Scene(
        found.name, score(clean.at(free)), shifted, rows, found.labels[free], int(usual)
    )


def _course(scene: _Scene, cell: _Cell, seed: int, given: argparse.Namespace) -> _Course:
    """One stream of a thousand images against a reference of its own."""
    label = zlib.crc32(f"{scene.name} {cell}".encode())
    rng = np.random.default_rng([seed, label])
    known, line = _drawn(scene, cell, rng)
    reference = reference_of(known)
    enough = max(given.run_length, 10**7)
    return _Course(
        evidence(reference, line, enough=enough),
        windowed_ks(reference, known, line, window=given.window),
    )


def _drawn(scene: _Scene, cell: _Cell, rng: np.random.Generator) -> tuple[Looks, Looks]:
    """The looks of a reference and of a line; no image is in both."""
    labels, kind = scene.labels, cell.kind
    order = rng.permutation(len(labels))
    if kind == NEW_PART:
        # The reference does not know one class, which then comes.
        new = rng.choice([c for c in np.unique(labels) if c != scene.usual])
        order = order[labels[order] != new]
    size = min(_MOST_REFERENCE, round(_REFERENCE * len(order)))
    known, rest = order[:size], order[size:]
    moved = rng.random(SIZES[-1]) < cell.share
    line = _repeated(rest, SIZES[-1], rng)
    if kind in SHIFTS:
        return scene.clean.at(known), _with_shift(scene, cell, rest, line, moved, rng)
    if kind == NEW_PART:
        others = np.flatnonzero(labels == new)
    else:
        others = rest[labels[rest] != scene.usual]
    if kind != NONE:
        line[moved] = _repeated(others, int(moved.sum()), rng)
    return scene.clean.at(known), scene.clean.at(line)


def _with_shift(
    scene: _Scene, cell: _Cell, rest: Ints, line: Ints, moved: Any, rng: np.random.Generator
) -> Looks:
    places = np.flatnonzero(np.isin(scene.rows, rest))
    picked = _repeated(places, len(line), rng)
    both = joined([scene.clean.at(line), scene.shifted[cell.kind, cell.strength].at(picked)])
    return both.at(np.where(moved, len(line) + np.arange(len(line)), np.arange(len(line))))


def _repeated(rows: Ints, count: int, rng: np.random.Generator) -> Ints:
    """Rows in any order, none a second time before all had their turn."""
    turns = [rng.permutation(rows) for _ in range(-(-count // len(rows)))]
    return np.concatenate(turns)[:count]


def _thresholds(calm: Sequence[_Course]) -> tuple[float, float]:
    """Of both watches, where they alarm in 5 % of the streams without a shift."""
    ours = np.quantile([c.ours.max() for c in calm], 1 - _LEVEL, method="higher")
    theirs = np.quantile([c.theirs.max() for c in calm], 1 - _LEVEL, method="higher")
    return float(ours) * (1 + 1e-9), float(theirs) * (1 + 1e-9)


def _delays(
    found: Sequence[_Course], same: tuple[float, float], run_length: int
) -> dict[str, list[float]]:
    """Images until the alarm, infinite where none came, by watch."""
    firsts = {
        "stated": [first_at(c.ours, run_length) for c in found],
        "same_rate": [first_at(c.ours, same[0]) for c in found],
        "windows": [first_at(c.theirs, same[1]) for c in found],
    }
    return {k: [np.inf if n is None else 10.0 * n for n in v] for k, v in firsts.items()}


def _told(found: Sequence[_Course], same: tuple[float, float], run_length: int) -> str:
    delays = _delays(found, same, run_length)
    return ", ".join(f"{k} {np.median(v):.0f}" for k, v in delays.items())


def _result(
    name: str,
    cell: _Cell,
    found: Sequence[_Course],
    same: tuple[float, float],
    given: argparse.Namespace,
) -> dict[str, Any]:
    delays = _delays(found, same, given.run_length)
    out: dict[str, Any] = {
        "data": name,
        "case": "failing_loudly",
        "shift": cell.kind,
        "strength": cell.strength,
        "share": cell.share,
        "metric": "detection_accuracy",
        "streams": len(found),
        "stated": given.run_length,
        "window": given.window,
    }
    for watch, values in delays.items():
        median = float(np.median(values))
        out[f"{watch}_delay"] = None if np.isinf(median) else median
        out[watch] = [round(float(np.mean(np.array(values) <= n)), 3) for n in SIZES]
    out["median"] = out["stated_delay"]
    return out


def _summary(
    name: str,
    courses: Mapping[_Cell, Sequence[_Course]],
    same: tuple[float, float],
    given: argparse.Namespace,
) -> list[dict[str, Any]]:
    """The row of the paper: detection by number of images over all shifts, and by kind."""
    kinds = dict.fromkeys(c.kind for c in courses if c.kind != NONE)
    out = []
    for kind in ("all", *kinds):
        part = [
            one
            for cell, found in courses.items()
            if cell.kind != NONE and kind in ("all", cell.kind)
            for one in found
        ]
        row = _result(name, _Cell(kind, 0.0, 0.0), part, same, given)
        del row["strength"], row["share"]
        out.append({**row, "summary": True, "sizes": list(SIZES)})
    return out


def _gates(name: str, results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    calm = next(r for r in results if r["shift"] == NONE)
    whole = next(r for r in results if r["shift"] == "all")
    paper = dict(zip(SIZES, (0.19, 0.28, 0.47, 0.47, 0.51, 0.65, 0.70), strict=True))
    ours = dict(zip(SIZES, whole["same_rate"], strict=True))
    theirs = dict(zip(SIZES, whole["windows"], strict=True))
    gates = [
        gate(f"{name}: alarms without a shift, at the stated run", calm["stated"][-1], 0.02,
             at_least=False),
    ]  # fmt: skip
    for size in (100, 1000):
        what = f"{name}: detection after {size} images, against windows"
        gates.append(gate(what, round(ours[size] - theirs[size], 3), 0.0, at_least=True))
        what = f"{name}: detection after {size} images, against the paper's"
        gates.append(gate(what, round(ours[size] - paper[size], 3), 0.0, at_least=True))
    return gates
