"""Drifts that really happened: another exposure, and a part that wears from day to day."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.drift_evidence import evidence, first_at, reference_of
from bench.drift_looks import Looks, loader, scorer, seen
from bench.sets import listed
from bench.shape import gate, tell
from pitmark.formats.registry import ImportedImage

Ints = NDArray[np.int64]
Found = tuple[list[dict[str, Any]], list[dict[str, Any]]]

_WITHIN = 50
_LONG = 50_000


@dataclass(frozen=True)
class _Steps:
    """Images with the column's value, the part and whether there is a defect; all (N,)."""

    looks: Looks
    values: Ints
    parts: NDArray[np.str_]
    defect: NDArray[np.bool_]


def steps(folder: Path, given: argparse.Namespace) -> Found:
    """A change by some steps of a column, seen by a watch that knows one of its values.

    Five sixths of the parts with one value are the reference; the others run first, then
    come images of the other value in any order. The score is learned from the images of
    all values that are neither. Nothing is drawn twice within a stream.

    Args:
        folder: An importable folder.
        given: Options of the bench; `step` is "column/steps".

    Returns:
        Results and gates.
    """
    column, _, width = given.step.partition("/")
    images = [i for i in listed(folder, given) if column in i.metadata]
    values = np.array([int(i.metadata[column]) for i in images], dtype=np.int64)
    looks = seen([loader(i) for i in images], "", 1.0, keep=given.keep_looks, key=str(folder))
    set_ = _Steps(
        looks,
        values,
        _groups(images, given.group_by),
        np.array([bool(i.shapes) for i in images]),
    )
    # A value of which there are only a few images is no state of the line.
    usual = [v for v in np.unique(values) if (values == v).sum() >= _WITHIN]
    found: dict[int, list[dict[str, float | None]]] = {}
    for step in (0, 1, int(width)):
        pairs = [(a, b) for a in usual for b in usual if abs(a - b) == step]
        for seed in range(given.seeds):
            for old, new in pairs:
                rng = np.random.default_rng([seed, int(old), int(new)])
                one = _one_step(set_, (int(old), int(new)), rng, given.run_length)
                found.setdefault(step, []).append(one)
        tell(f"{folder.name}: {column} by {step}: {len(found[step])} streams")
    results = [_step_result(folder.name, column, n, v, given) for n, v in found.items()]
    wanted = next(r for r in results if r["step"] == int(width))
    name = f"{folder.name}: {column} by {width} found within {_WITHIN} images"
    return results, [gate(name, wanted["within_50"], 1.0, at_least=True)]


def _one_step(
    set_: _Steps, change: tuple[int, int], rng: np.random.Generator, run_length: int
) -> dict[str, float | None]:
    """Images until the alarm, counted from the change, for two run lengths."""
    old, new = change
    values = set_.values
    names = rng.permutation(np.unique(set_.parts))
    known = np.isin(set_.parts, names[: 5 * len(names) // 6])
    apart = ~np.isin(values, (old, new))
    look = scorer(set_.looks.at(np.flatnonzero(apart)), set_.defect[apart])(set_.looks)
    before = rng.permutation(np.flatnonzero(~known & (values == old)))
    before = before[: len(before) // 10 * 10]
    known_rows = rng.permutation(np.flatnonzero(known & (values == old)))
    after = rng.permutation(np.flatnonzero((values == new) & (~known | (new != old))))
    stream = look.at(np.concatenate([before, after]) if new != old else before)
    reference = reference_of(look.at(known_rows))
    out: dict[str, float | None] = {"reference": float(len(known_rows))}
    ours = evidence(reference, stream, enough=_LONG)
    for length in (run_length, 5_000):
        block = first_at(ours, length)
        out[f"run {length}"] = None if block is None else 10.0 * block - len(before)
    return out


def _step_result(
    name: str,
    column: str,
    step: int,
    found: Sequence[dict[str, float | None]],
    given: argparse.Namespace,
) -> dict[str, Any]:
    delays = [one[f"run {given.run_length}"] for one in found]
    short = [one["run 5000"] for one in found]
    late = sorted(float("inf") if d is None else d for d in delays)
    median = late[len(late) // 2]
    return {
        "data": name,
        "case": "exposure",
        "column": column,
        "step": step,
        "metric": "delay_images",
        "stated": given.run_length,
        "streams": len(found),
        "reference_images": int(min(one["reference"] or 0 for one in found)),
        "median": None if np.isinf(median) else median,
        "within_50": _share([d is not None and 0 < d <= _WITHIN for d in delays]),
        "found": _share([d is not None and d > 0 for d in delays]),
        "before_the_change": _share([d is not None and d <= 0 for d in delays]),
        "within_50_at_5000": _share([d is not None and 0 < d <= _WITHIN for d in short]),
    }


def wear(folder: Path, given: argparse.Namespace) -> Found:
    """Places that are looked at in turns until a defect is first labeled on each.

    The reference are some rounds after the first ones, in which the machine settles. One
    watch sees all places in order of time and knows the place of each image.

    Args:
        folder: An importable folder.
        given: Options of the bench; `wear` names the columns of the place and of the time.

    Returns:
        Results and gates.
    """
    place_column, _, time_column = given.wear.partition(",")
    images = [
        i for i in listed(folder, given) if {place_column, time_column} <= i.metadata.keys()
    ]
    if not images:
        sys.exit(f"{folder.name} has no images with {given.wear}")
    images.sort(key=lambda i: str(i.metadata[time_column]))
    tags = [{place_column: str(i.metadata[place_column])} for i in images]
    looks = seen([loader(i) for i in images], "", 1.0, keep=given.keep_looks, key=str(folder))
    where = np.array([t[place_column] for t in tags])
    turns = {p: np.flatnonzero(where == p) for p in np.unique(where)}
    defects = {
        p: next((int(n) for n in rows if images[n].shapes), None) for p, rows in turns.items()
    }
    first, last = given.settle, given.settle + given.rounds
    known = np.sort(np.concatenate([rows[first:last] for rows in turns.values()]))
    rest = np.sort(np.concatenate([rows[last:] for rows in turns.values()]))
    reference = reference_of(looks.at(known), [tags[n] for n in known])
    ours = evidence(reference, looks.at(rest), tags=[tags[n] for n in rest])
    results = []
    for length in sorted({given.run_length, 5_000, 1_000}):
        block = first_at(ours, length)
        alarm = None if block is None else reference.block * block
        for place, row in defects.items():
            # Images of the watch until the defect is there, itself counted.
            until = None if row is None else int((rest <= row).sum())
            results.append(_wear_result(folder.name, place, length, alarm, until, len(known)))
    gates = []
    for length in sorted({r["stated"] for r in results}):
        part = [r for r in results if r["stated"] == length]
        name = f"{folder.name}: places flagged before their first defect, run of {length}"
        gates.append(gate(name, _share([r["before"] for r in part]), 1.0, at_least=True))
    return results, gates


def _wear_result(
    name: str, place: str, stated: int, alarm: int | None, until: int | None, known: int
) -> dict[str, Any]:
    return {
        "data": name,
        "case": "wear",
        "place": place,
        "metric": "delay_images",
        "stated": stated,
        "reference_images": known,
        "median": alarm,
        "first_defect": until,
        "before": alarm is not None and until is not None and alarm < until,
    }


def _groups(images: Sequence[ImportedImage], group_by: Sequence[str]) -> NDArray[np.str_]:
    """The part of each image; without a column that says it, each is its own."""
    column = next((c for c in group_by if any(c in i.metadata for i in images)), None)
    return np.array([str(i.metadata.get(column, i.name)) if column else i.name for i in images])


def _share(flags: Sequence[bool]) -> float:
    return round(sum(flags) / max(len(flags), 1), 4)
