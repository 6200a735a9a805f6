"""Planted label faults in boxes and masks: whose ranking leads a person to them.

A detector is trained on some images with clean labels and predicts the others. Faults are
planted into the labels of a tenth of those; Pitmark and cleanlab rank the images from the
same labels and the same predictions. Average precision over the images; for one kind of
fault Pitmark ranks by its findings of that kind, and of cleanlab that of its scores is
taken which turns out best.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.faults_calibration import calibration
from bench.faults_draws import Judged, Source, open_source, predicted
from bench.faults_gain import detector_figure, run_gain
from bench.faults_judging import judge, strongest
from bench.faults_peer_objects import PeerScores, peer_scores
from bench.faults_plants import KINDS, Planting, plant
from bench.shape import gate, tell
from pitmark.core.labels import Shape, Task, shape_box
from pitmark.metrics.ranking import image_average_precision
from pitmark.quality.faults.class_faults import Fault

__all__ = ["run_gain", "run_planted"]

Floats = NDArray[np.float64]
_SHARE = 0.1
_PLANTINGS = 4
_OURS = {
    "missed": "missed_object",
    "spurious": "spurious_object",
    "class": "wrong_class",
    "sloppy": "sloppy_outline",
}
_TARGETS: dict[Task, float] = {"detection": 1.5, "segmentation": 1.2}


@dataclass
class _Tally:
    """Average precision per draw: ours and, by the name of its score, the peer's."""

    ours: list[float] = field(default_factory=list)
    peer: dict[str, list[float]] = field(default_factory=dict)


@dataclass
class _Set:
    """What the draws of one set gave."""

    tallies: dict[str, _Tally] = field(default_factory=dict)
    quality: list[float] = field(default_factory=list)
    held: list[tuple[float, bool]] = field(default_factory=list)
    sound: list[bool] = field(default_factory=list)
    said: str = ""
    peer_nan: int = 0
    seconds: float = 0.0


def run_planted(
    arguments: argparse.Namespace,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Results and gates of all sets."""
    results: list[dict[str, Any]] = []
    gates: list[dict[str, Any]] = []
    for data in arguments.data:
        with open_source(Path(data), arguments) as source:
            found = _Set()
            for seed in range(arguments.seeds):
                _add_draw(found, source, seed, arguments)
            results += _results(source, found, arguments)
            gates += _gates(source, found)
    return results, gates


def _add_draw(found: _Set, source: Source, seed: int, arguments: argparse.Namespace) -> None:
    images = source.draw(arguments.train, seed)
    judged = predicted(source, images, seed, arguments)
    if source.task == "detection":
        found.quality.append(detector_figure(judged) or 0.0)
    rng = np.random.default_rng([seed, 4])
    names = [
        k
        for k in (*KINDS, "all")
        for _ in range(getattr(arguments, "plantings", None) or _PLANTINGS)
    ]
    plantings = [plant(judged.images, k, _SHARE, rng) for k in names]
    plantings.append(_without_labels(judged, plantings[-1], rng))
    masks = source.task == "segmentation"
    peers = peer_scores(judged, plantings, arguments.peer_python, masks=masks)
    values: dict[str, list[tuple[float, dict[str, float]]]] = {}
    started = time.perf_counter()
    for number, planting in enumerate(plantings):
        faults = judge(source.task, judged, planting.changed)
        peer = peers[number] if peers else None
        if planting.kind == "empty":
            found.sound.append(_sound(faults))
            _note_peer(found, peer)
            continue
        if planting.kind == "all":
            found.held += _held(judged, planting, faults)
        pair = _average_precisions(judged, planting, faults, peer)
        if pair is not None:
            values.setdefault(planting.kind, []).append(pair)
    found.seconds += (time.perf_counter() - started) / len(plantings)
    for kind, pairs in values.items():
        tally = found.tallies.setdefault(kind, _Tally())
        tally.ours.append(float(np.mean([p[0] for p in pairs])))
        for name in pairs[0][1]:
            mean = float(np.mean([p[1][name] for p in pairs]))
            tally.peer.setdefault(name, []).append(mean)
        best = {n: round(v[-1], 3) for n, v in tally.peer.items()}
        tell(f"{source.name} draw {seed}, {kind}: AP {tally.ours[-1]:.3f}, cleanlab {best}")


def _without_labels(judged: Judged, base: Planting, rng: np.random.Generator) -> Planting:
    """The same faults, and a tenth of the images more without any label."""
    shas = [i.image.sha256 for i in judged.images if i.image.sha256 not in base.changed]
    bare = rng.choice(shas, max(1, len(shas) // 10), replace=False)
    changed = {**base.changed, **{str(s): () for s in bare}}
    return Planting("empty", changed, {}, {})


def _sound(faults: Sequence[Fault]) -> bool:
    return all(np.isfinite(f.score) and 0 <= f.score <= 1 for f in faults)


def _note_peer(found: _Set, peer: PeerScores | None) -> None:
    if peer is not None:
        found.said = peer.said or "no error"
        found.peer_nan += peer.nan


def _average_precisions(
    judged: Judged, planting: Planting, faults: Sequence[Fault], peer: PeerScores | None
) -> tuple[float, dict[str, float]] | None:
    keys = [i.image.sha256 for i in judged.images]
    faulty = np.array([k in planting.kinds for k in keys])
    if not faulty.any():
        return None
    wanted = _OURS.get(planting.kind)
    mine = [f for f in faults if wanted in (None, f.kind)]
    doubts = strongest(mine)
    ours = image_average_precision(faulty, [doubts.get(k, 0.0) for k in keys])
    theirs = {
        name: image_average_precision(faulty, values) or 0.0
        for name, values in (peer.doubts.items() if peer else ())
    }
    return ours or 0.0, theirs


def _held(
    judged: Judged, planting: Planting, faults: Sequence[Fault]
) -> list[tuple[float, bool]]:
    """Every finding with its probability, and whether it points to a planted fault."""
    before = judged.labels
    out = []
    for fault in faults:
        kind = planting.kinds.get(fault.key)
        right = kind is not None and fault.shape_index == planting.places[fault.key]
        if kind == "missed":
            right = fault.kind == "missed_object" and _same_place(
                before[fault.key][planting.places[fault.key]], fault.suggestion
            )
        out.append((fault.score, right))
    return out


def _same_place(lost: Shape, suggestion: Sequence[Shape] | None) -> bool:
    box, said = shape_box(lost), shape_box(suggestion[-1]) if suggestion else None
    if box is None or said is None:
        return False
    return min(box[2], said[2]) > max(box[0], said[0]) and min(box[3], said[3]) > max(
        box[1], said[1]
    )


def _results(
    source: Source, found: _Set, arguments: argparse.Namespace
) -> list[dict[str, Any]]:
    shared: dict[str, Any] = {
        "data": source.name,
        "task": source.task,
        "budget": arguments.train,
        "draws": arguments.seeds,
    }
    out = []
    for kind, tally in found.tallies.items():
        low, median, high = np.quantile(tally.ours, [0, 0.5, 1]).round(4).tolist()
        row = {**shared, "kind": kind, "metric": "AP"}
        row |= {"median": median, "low": low, "high": high, "chance": _SHARE}
        out.append(row | _peer_row(tally, median))
    for metric, value in calibration(found.held).items():
        out.append({**shared, "kind": "all", "metric": metric, "median": round(value, 4)})
    if found.quality:
        quality = round(float(np.median(found.quality)), 4)
        out.append({**shared, "metric": "mAP50", "median": quality})
    said = {"peer": "cleanlab 2.9", "peer_said": found.said, "peer_nan": found.peer_nan}
    sound = float(all(found.sound))
    out.append({**shared, "kind": "images without labels", "metric": "sound",
                "median": sound, **(said if found.said else {})})  # fmt: skip
    seconds = round(found.seconds / max(arguments.seeds, 1), 3)
    out.append({**shared, "metric": "seconds", "median": seconds})
    return out


def _peer_row(tally: _Tally, median: float) -> dict[str, Any]:
    if not tally.peer:
        return {"missing": "cleanlab is not installed"}
    score, peer = max(
        ((name, float(np.median(v))) for name, v in tally.peer.items()), key=lambda p: p[1]
    )
    return {
        "peer": "cleanlab 2.9",
        "peer_score": score,
        "peer_median": round(peer, 4),
        "ratio": round(median / peer, 3) if peer > 0 else None,
    }


def _gates(source: Source, found: _Set) -> list[dict[str, Any]]:
    target = _TARGETS.get(source.task, 1.0)
    out = []
    if "all" in found.tallies:
        tally = found.tallies["all"]
        row = _peer_row(tally, float(np.median(tally.ours)))
        name = f"{source.name}: AP of planted faults / cleanlab's >= {target}"
        out.append(gate(name, row.get("ratio"), target, at_least=True))
    name = f"{source.name}: no crash, no NaN on images without annotations"
    out.append(gate(name, float(all(found.sound)), 1.0, at_least=True))
    return out
