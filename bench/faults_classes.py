"""Label faults of classes on sets where people said which labels are wrong or unsure.

`relabeled`: a table says what a reviewer did with each image; those that were given another
class or thrown away should come first. `graded`: a table holds the share of certainty;
images between the two sides should come out as ambiguous, and not as wrong.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.faults_peer import peer_scores
from bench.shape import gate, tell
from pitmark.core.inspector import InspectorSpec
from pitmark.core.preprocess import Pixels, PreprocessSpec
from pitmark.core.splits import SplitItem, assign_folds
from pitmark.formats.images import decode_image
from pitmark.metrics.ranking import image_auroc, image_average_precision
from pitmark.quality.faults.class_faults import classification_faults
from pitmark.quality.faults.label_doubts import LabelDoubts, doubt_labels
from pitmark.train.describe import describe_images, standardized
from pitmark.train.feature_folds import probabilities_out_of_fold
from pitmark.train.planning import input_size

Floats = NDArray[np.float64]
_SIDE_PX = 224
_FOLDS = 3
_BINS = 10
_PLANTED = 0.05


@dataclass(frozen=True, eq=False)
class Judged:
    """A set with labels, vectors, and which labels a person objects to."""

    name: str
    keys: list[str]
    labels: NDArray[np.int64]
    classes: list[str]
    groups: list[str]
    vectors: NDArray[np.float32]
    target: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Draw:
    """One set of folds: probabilities, doubts with and without embeddings, the peer."""

    probs: Floats
    doubts: LabelDoubts
    blind: LabelDoubts
    peer: dict[str, Floats]
    seconds: float


def run_relabeled(arguments: argparse.Namespace) -> tuple[list[dict[str, Any]], list[Any]]:
    """Average precision of the images that a reviewer relabeled or threw away."""
    wanted = set(arguments.faults.split(","))
    results: list[dict[str, Any]] = []
    gates: list[Any] = []
    for data in arguments.data:
        rows = _table(data, arguments, default="fate.csv", columns="")
        column = arguments.label_column
        labels = [r.get(column) or Path(r["image"]).parent.name for r in rows]
        target = np.array([r[arguments.fate_column] in wanted for r in rows])
        found = _judged(data, rows, labels, target, arguments)
        tell(f"{found.name}: {len(labels)} labels, {int(target.sum())} objected to")
        draws = [_draw(found, seed, arguments) for seed in range(arguments.seeds)]
        ours = [_ap(found, d.doubts.wrong) for d in draws]
        best = _best(found, draws, _ap)
        primary = _result(found, "AP", ours, draws, best)
        results.append(primary)
        blind = [_ap(found, d.blind.wrong) for d in draws]
        results.append(_result(found, "AP", blind, draws, best) | {"inputs": "same scores"})
        results += _calibration(found, arguments)
        if best is not None:
            name = f"{found.name}: AP at least 1.2 x cleanlab's best ranking"
            gates.append(gate(name, primary["ratio"], 1.2, at_least=True))
    return results, gates


def run_graded(arguments: argparse.Namespace) -> tuple[list[dict[str, Any]], list[Any]]:
    """AUROC of the ambiguity of images that were graded between the two sides."""
    results: list[dict[str, Any]] = []
    gates: list[Any] = []
    for data in arguments.data:
        rows = _table(data, arguments, default="labels.csv", columns="image,grade,kind")
        grades = np.array([float(r[arguments.grade_column]) for r in rows])
        labels = np.where(grades > 0.5, "not good", "good").tolist()
        target = (grades > 0.05) & (grades < 0.95)
        found = _judged(data, rows, labels, target, arguments)
        tell(f"{found.name}: {len(labels)} labels, {int(target.sum())} between the sides")
        draws = [_draw(found, seed, arguments) for seed in range(arguments.seeds)]
        ours = [_auroc(found, d.doubts.ambiguity) for d in draws]
        best = _best(found, draws, _auroc)
        primary = _result(found, "AUROC", ours, draws, best)
        results.append(primary)
        results.append(_verdicts(found, draws[0]))
        name = f"{found.name}: graded images ambiguous, AUROC at least .70"
        gates.append(gate(name, primary["median"], 0.7, at_least=True))
        share = results[-1]["median"]
        name = f"{found.name}: graded images in the queue called wrong at most half"
        gates.append(gate(name, share, 0.5, at_least=False))
    return results, gates


def _draw(found: Judged, seed: int, arguments: argparse.Namespace) -> Draw:
    items = [
        SplitItem(k, g, (str(c),))
        for k, g, c in zip(found.keys, found.groups, found.labels, strict=True)
    ]
    started = time.perf_counter()
    folds = assign_folds(items, _FOLDS, seed=seed)
    depth = len(found.classes)
    probs = probabilities_out_of_fold(found.vectors, found.labels, depth, folds)
    doubts = doubt_labels(
        found.labels,
        probs,
        depth,
        embeddings=standardized(found.vectors),
        groups=found.groups,
    )
    seconds = time.perf_counter() - started
    blind = doubt_labels(found.labels, probs, depth)
    peer = peer_scores(arguments.peer_python, found.labels, probs)
    right = float((probs.argmax(axis=1) == found.labels).mean())
    tell(f"draw {seed}: out-of-fold accuracy {right:.3f}, {seconds:.1f} s")
    return Draw(probs, doubts, blind, peer, seconds)


def _ap(found: Judged, scores: Floats) -> float:
    return float(image_average_precision(found.target, scores) or 0.0)


def _auroc(found: Judged, scores: Floats) -> float:
    return float(image_auroc(found.target, scores) or 0.0)


def _best(
    found: Judged, draws: list[Draw], metric: Callable[[Judged, Floats], float]
) -> tuple[str, float] | None:
    """The setting of the peer with the best median, and that median."""
    names = set.intersection(*(set(d.peer) for d in draws))
    medians = {n: float(np.median([metric(found, d.peer[n]) for d in draws])) for n in names}
    return max(medians.items(), key=lambda m: m[1]) if medians else None


def _result(
    found: Judged,
    metric: str,
    values: list[float],
    draws: list[Draw],
    best: tuple[str, float] | None,
) -> dict[str, Any]:
    low, median, high = np.quantile(values, [0, 0.5, 1]).round(4).tolist()
    out: dict[str, Any] = {"data": found.name, "task": "classification", "kind": "class"}
    out |= {"metric": metric, "median": median, "low": low, "high": high, "draws": len(draws)}
    out["seconds"] = round(float(np.median([d.seconds for d in draws])), 1)
    if best is None:
        return out | {"missing": "cleanlab is not installed"}
    named = {"peer": f"cleanlab, {best[0]}", "peer_median": round(best[1], 4)}
    return out | named | {"ratio": round(median / max(best[1], 1e-9), 4)}


def _verdicts(found: Judged, draw: Draw) -> dict[str, Any]:
    """Of the graded images in the queue, how many are called wrong."""
    faults = classification_faults(
        found.keys,
        [found.classes[k] for k in found.labels.tolist()],
        draw.probs,
        found.classes,
        embeddings=standardized(found.vectors),
        groups=found.groups,
    )
    between = {k for k, t in zip(found.keys, found.target, strict=True) if t}
    mine = [f for f in faults if f.key in between]
    wrong = sum(f.verdict == "wrong" for f in mine)
    unsure = sum(f.verdict == "ambiguous" for f in mine)
    share = wrong / max(len(mine), 1)
    out = {"data": found.name, "task": "classification", "metric": "share_called_wrong"}
    return out | {"median": round(share, 4), "queued": len(mine), "ambiguous": unsure}


def _calibration(found: Judged, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Calibration of the scores on faults planted among labels nobody objected to."""
    keep = np.flatnonzero(~found.target)
    labels = found.labels[keep].copy()
    rng = np.random.default_rng(11)
    planted = rng.random(len(keep)) < _PLANTED
    step = rng.integers(1, len(found.classes), len(keep))
    labels[planted] = (labels[planted] + step[planted]) % len(found.classes)
    part = Judged(
        found.name,
        [found.keys[i] for i in keep],
        labels,
        found.classes,
        [found.groups[i] for i in keep],
        found.vectors[keep],
        planted,
    )
    scores = _draw(part, 0, arguments).doubts.wrong
    rate = float(planted.mean())
    brier = float(((scores - planted) ** 2).mean())
    shared = {"data": f"{found.name}, planted", "task": "classification", "kind": "class"}
    return [
        {**shared, "metric": "ECE", "median": round(_ece(scores, planted), 4)},
        {
            **shared,
            "metric": "Brier",
            "median": round(brier, 4),
            "reference": rate * (1 - rate),
        },
    ][:2]


def _ece(scores: Floats, truth: NDArray[np.bool_]) -> float:
    """Expected calibration error over ten bins of equal width."""
    place = np.minimum((scores * _BINS).astype(int), _BINS - 1)
    out = 0.0
    for number in range(_BINS):
        mine = place == number
        if mine.any():
            out += mine.mean() * abs(float(scores[mine].mean()) - float(truth[mine].mean()))
    return out


def _judged(
    data: Path,
    rows: list[dict[str, str]],
    labels: list[str],
    target: NDArray[np.bool_],
    arguments: argparse.Namespace,
) -> Judged:
    keys = [r["image"] for r in rows]
    classes = sorted(set(labels))
    vectors = _vectors(data, keys, arguments)
    numbers = np.array([classes.index(name) for name in labels], dtype=np.int64)
    groups = [_group(k, arguments.range_of) for k in keys]
    return Judged(data.name, keys, numbers, classes, groups, vectors, target)


def _group(key: str, width: int | None) -> str:
    """The range of the number in a file name; parts are numbered from one."""
    digits = "".join(c for c in Path(key).stem if c.isdigit())
    return key if width is None or not digits else f"range {(int(digits) - 1) // width}"


def _vectors(data: Path, keys: list[str], arguments: argparse.Namespace) -> NDArray[np.float32]:
    kept = arguments.cache / f"{data.name}-{len(keys)}.npy" if arguments.cache else None
    if kept is not None and kept.is_file():
        return np.asarray(np.load(kept))

    def load(key: str) -> Pixels:
        return decode_image((data / key).read_bytes(), name=key).pixels

    sizes = [(p.shape[1], p.shape[0]) for p in map(load, keys[:: max(1, len(keys) // 50)])]
    high = 65535.0 if load(keys[0]).dtype == np.uint16 else 255.0
    preprocess = PreprocessSpec(input_size(sizes, _SIDE_PX), high=high, overlap_px=0)
    spec = InspectorSpec("classification", ("a", "b"), preprocess)
    vectors = describe_images(keys, load, spec, threads=arguments.threads)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.save(kept, vectors)
    return vectors


def _table(
    data: Path, arguments: argparse.Namespace, *, default: str, columns: str
) -> list[dict[str, str]]:
    """Rows of a table with a column image, for images that are there."""
    file = data / (arguments.metadata or default)
    if not file.is_file():
        sys.exit(f"there is no table {file}; name it with --metadata")
    lines = file.read_text().splitlines()
    named = (arguments.columns or columns).split(",")
    if "," in lines[0]:
        rows = list(csv.DictReader(lines))
    else:
        rows = [dict(zip(named, line.split(), strict=True)) for line in lines if line.strip()]
    rows = [r for r in rows if (data / r["image"]).is_file()]
    return rows or sys.exit(f"{file} names no image that is there")
