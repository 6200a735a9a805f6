"""Labelers with known mistakes: how well agreement and consensus find them out."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.peer import ask_peer
from bench.shape import tell
from pitmark.core.geometry import iou_matrix
from pitmark.metrics.agreement import krippendorff_alpha
from pitmark.metrics.cluster_draws import ClusterDraws
from pitmark.metrics.intervals import Resampling
from pitmark.metrics.ranking import image_average_precision
from pitmark.metrics.ratings import Ratings
from pitmark.quality.agreement.box_consensus import merge_boxes
from pitmark.quality.agreement.dawid_skene import dawid_skene, with_model
from pitmark.quality.agreement.object_units import Drawn
from pitmark.quality.agreement.votes import Votes, majority

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
PEER = """
import json, sys, numpy as np
try:
    import cleanlab
    from cleanlab.multiannotator import get_label_quality_multiannotator as judge
except ImportError as exc:
    print(json.dumps({"missing": str(exc)})); sys.exit()
data = np.load(sys.argv[1])
votes = data["votes"].astype(float); votes[votes < 0] = np.nan
out = {"version": cleanlab.__version__}
for how in ("best_quality", "majority_vote"):
    for calibrate in (False, True):
        table = judge(votes, data["probs"], verbose=False, return_detailed_quality=False,
                      return_annotator_stats=False, consensus_method=how,
                      calibrate_probs=calibrate)["label_quality"]
        name = "cleanlab " + how + " calibrated" * calibrate
        out[name] = {"classes": table["consensus_label"].astype(int).tolist(),
                     "confidence": table["consensus_quality_score"].tolist()}
print(json.dumps(out))
"""


PEER_SETTINGS = tuple(
    f"cleanlab {how}{calibrated}"
    for how in ("best_quality", "majority_vote")
    for calibrated in ("", " calibrated")
)


@dataclass(frozen=True)
class Scene:
    """How many things, labelers, votes on each (0: one to three), how good the model is.

    `hard` is the share of things on which every labeler is drawn to the same look-alike,
    which no model of independent mistakes expects.
    """

    name: str
    things: int
    labelers: int
    votes: int
    model_right: float
    classes: int = 5
    hard: float = 0.0


SCENES = (
    Scene("all label all", 600, 5, 5, 0.8),
    Scene("two votes each", 1000, 10, 2, 0.8),
    Scene("one to three votes", 1000, 10, 0, 0.8),
    Scene("useless model", 1000, 10, 3, 0.0),
    Scene("hard things", 1000, 10, 3, 0.8, hard=0.2),
)


@dataclass(frozen=True)
class Draw:
    """One simulated set: truth (N,), votes (N, R), confusions (R, K, K), model (N, K)."""

    truth: Ints
    votes: Ints
    confusions: Floats
    model: Floats


def simulate(scene: Scene, seed: int) -> Draw:
    """Labelers between careful and careless, each with a favorite confusion."""
    rng = np.random.default_rng([seed, scene.things, scene.votes])
    count = scene.classes
    prior = rng.dirichlet(np.full(count, 5.0))
    truth = rng.choice(count, scene.things, p=prior)
    confusions = np.stack([_confusion(rng, count) for _ in range(scene.labelers)])
    votes = np.full((scene.things, scene.labelers), -1, dtype=np.intp)
    for row, true in enumerate(truth):
        asked = scene.votes or int(rng.integers(1, 4))
        hard = rng.random() < scene.hard
        for who in rng.choice(scene.labelers, asked, replace=False):
            seen = (true + 1) % count if hard and rng.random() < 0.5 else true
            votes[row, who] = rng.choice(count, p=confusions[who, seen])
    return Draw(truth, votes, confusions, _model(rng, truth, scene))


def consensus_results(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Every scene: recovery of the confusions, and consensus by all methods."""
    out = []
    for scene in SCENES:
        tell(f"simulated labelers: {scene.name}")
        runs = [_consensus_run(scene, seed, options) for seed in range(options.seeds)]
        for metric in runs[0]:
            values = [r[metric] for r in runs if r[metric] is not None]
            named, _, method = metric.partition(" ")
            result: dict[str, Any] = {"data": scene.name, "task": "classification"}
            result |= {"metric": named, "method": method, "draws": len(values)}
            if values:
                low, median, high = np.quantile(values, [0.0, 0.5, 1.0]).round(4).tolist()
                result |= {"median": median, "low": low, "high": high}
            else:
                result["missing"] = "cleanlab is not installed"
            out.append(result)
    return out


def _consensus_run(
    scene: Scene, seed: int, options: argparse.Namespace
) -> dict[str, float | None]:
    draw = simulate(scene, seed)
    votes = Votes.of(draw.votes, scene.classes)
    started = time.perf_counter()
    learned = dawid_skene(votes)
    seconds = time.perf_counter() - started
    joined = with_model(votes, draw.model)
    counts = votes.counts()
    top = np.sort(counts, axis=1)
    plain = counts.argmax(axis=1)
    # Faults of the majority are ranked only where all methods take the same side.
    clear = top[:, -1] > top[:, -2]
    held = {"majority": majority(votes), "dawid-skene": learned.consensus}
    held["model-aware"] = joined.consensus
    out: dict[str, float | None] = {}
    for method, found in held.items():
        out[f"accuracy {method}"] = float((found.classes == draw.truth).mean())
        own = found.probabilities[np.arange(len(plain)), plain]
        out[f"AP_of_faults {method}"] = _ranked(draw, plain, own, clear)
    for method, peer in _peers(draw, options.peer_python).items():
        out[f"accuracy {method}"] = None if peer is None else peer.right(draw)
        if "majority" in method:
            sure = None if peer is None else peer.confidence
            out[f"AP_of_faults {method}"] = (
                None if sure is None else _ranked(draw, plain, sure, clear)
            )
    by_hand = np.abs(_confusions_of(draw, majority(votes).classes) - draw.confusions)
    gaps = np.abs(learned.confusions - draw.confusions)
    out["confusion_error dawid-skene"] = float(gaps.mean())
    out["confusion_error majority"] = float(by_hand.mean())
    out["model_weight model-aware"] = joined.model_weight
    out["seconds dawid-skene"] = seconds
    return out


def _ranked(draw: Draw, plain: Ints, sure: Floats, clear: NDArray[np.bool_]) -> float | None:
    """Average precision of the things that a clear majority called wrongly."""
    wrong = plain != draw.truth
    return image_average_precision(wrong[clear], 1 - sure[clear])


def _confusion(rng: np.random.Generator, count: int) -> Floats:
    out = np.zeros((count, count))
    for true in range(count):
        right = rng.uniform(0.55, 0.95)
        others = rng.dirichlet(np.full(count - 1, 0.5)) * (1 - right)
        out[true] = np.insert(others, true, right)
    return out


def _model(rng: np.random.Generator, truth: Ints, scene: Scene) -> Floats:
    """Probabilities of a model that is right so often, and too sure of itself."""
    count = scene.classes
    said = np.where(
        rng.random(truth.size) < scene.model_right, truth, rng.integers(0, count, truth.size)
    )
    logits = rng.normal(0, 1, (truth.size, count))
    logits[np.arange(truth.size), said] += 4
    odds = np.exp(logits)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _confusions_of(draw: Draw, classes: Ints) -> Floats:
    """Confusions counted against a consensus, as one would do by hand."""
    count = draw.confusions.shape[1]
    out = np.full(draw.confusions.shape, 1 / count)
    for who in range(draw.votes.shape[1]):
        for true in range(count):
            mine = draw.votes[(classes == true) & (draw.votes[:, who] >= 0), who]
            if mine.size:
                out[who, true] = np.bincount(mine, minlength=count) / mine.size
    return out


@dataclass(frozen=True)
class Peer:
    """What one setting of the peer holds, and how sure it is of that."""

    classes: Ints
    confidence: Floats

    def right(self, draw: Draw) -> float:
        return float((self.classes == draw.truth).mean())


def _peers(draw: Draw, python: str) -> dict[str, Peer | None]:
    """cleanlab's CROWDLAB on the same votes and model, in all four of its settings."""
    nothing: dict[str, Peer | None] = dict.fromkeys(PEER_SETTINGS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "votes.npz"
        np.savez(path, votes=draw.votes, probs=draw.model)
        found = ask_peer(python, PEER, path)
    if found is None:
        return nothing
    return {
        name: Peer(np.array(found[name]["classes"]), np.array(found[name]["confidence"]))
        for name in PEER_SETTINGS
    }


def coverage_results(options: argparse.Namespace) -> list[dict[str, Any]]:
    """How often the interval of alpha from 50 images holds the alpha of the population."""
    rng = np.random.default_rng(5)
    confusions = np.stack([_confusion(rng, 3) for _ in range(3)])

    def study(images: int, seed: int) -> Ratings:
        own = np.random.default_rng([seed, images])
        truth = own.choice(3, images, p=[0.6, 0.3, 0.1])
        edges = confusions.cumsum(axis=2)
        codes = [(own.random(images)[:, None] > e[truth]).sum(axis=1).clip(0, 2) for e in edges]
        return Ratings.of(np.stack(codes, axis=1), "abc", "ABC")

    how = Resampling(draws=400)
    population = study(200_000, 0)
    true = krippendorff_alpha(population, ClusterDraws(200_000, Resampling(draws=2))).value
    assert true is not None
    times = 40 * options.seeds
    held, values = 0, []
    for seed in range(1, times + 1):
        found = krippendorff_alpha(study(50, seed), ClusterDraws(50, how))
        values.append(found.value)
        held += (
            found.low is not None
            and found.high is not None
            and (found.low <= true <= found.high)
        )
    shared = {"data": "simulated study of 50 images", "task": "classification"}
    median = float(np.median([v for v in values if v is not None]))
    return [
        {**shared, "metric": "alpha", "value": round(median, 4), "reference": round(true, 4)},
        {**shared, "metric": "interval_coverage", "median": held / times, "draws": times},
    ]


def box_results(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Three people with known offsets and misses: what is left after merging."""
    runs = [_box_run(seed) for seed in range(options.seeds)]
    shared = {"data": "simulated boxes", "task": "detection", "draws": options.seeds}
    return [
        {**shared, "metric": metric, "median": round(float(np.median(values)), 4)}
        for metric in runs[0]
        if (values := [r[metric] for r in runs])
    ]


def _box_run(seed: int) -> dict[str, float]:
    rng = np.random.default_rng([seed, 9])
    bias = np.array([[-3.0, 0, 0, 0], [1.5, 0, 2, 0], [1.5, 0, -2, 0]])
    scatter, sees = (1.0, 1.0, 4.0), (0.95, 0.9, 0.85)
    images, truths = [], []
    for _ in range(60):
        corners = rng.uniform(0, 300, (4, 2))
        true = np.concatenate([corners, corners + rng.uniform(30, 80, (4, 2))], axis=1)
        drawn = []
        for who in range(3):
            seen = rng.random(4) < sees[who]
            boxes = true[seen] + bias[who] + rng.normal(0, scatter[who], (int(seen.sum()), 4))
            drawn.append(Drawn.of(boxes.tolist(), [0] * len(boxes)))
        images.append(drawn)
        truths.append(true)
    found = merge_boxes(images, 1, labelers=[0, 1, 2])
    kept = [[m.box_xyxy for m in row if m.kept] for row in found.merged]
    single = [d.boxes_xyxy for row in images for d in row]
    alone = _mean_best(single, [t for t in truths for _ in range(3)])
    hits = sum(
        int((iou_matrix(k, t).max(axis=0, initial=0) >= 0.5).sum())
        for k, t in zip(kept, truths, strict=True)
    )
    assert found.skill is not None
    missed = found.skill.confusions[:, 0, 1]
    return {
        "IoU_merged": _mean_best(kept, truths),
        "IoU_of_one_labeler": alone,
        "recall_merged": hits / sum(len(t) for t in truths),
        "bias_error_px": float(np.abs(found.bias_px - bias).mean()),
        "sensitivity_error": float(np.abs(1 - missed - np.array(sees)).mean()),
    }


def _mean_best(boxes: list[Any], truths: list[Floats]) -> float:
    """The mean overlap of boxes with what they are meant for."""
    best: list[float] = []
    for mine, true in zip(boxes, truths, strict=True):
        if len(mine):
            best += iou_matrix(mine, true).max(axis=1).tolist()
    return float(np.mean(best))


RESULTS: tuple[Callable[[argparse.Namespace], list[dict[str, Any]]], ...] = (
    consensus_results,
    coverage_results,
    box_results,
)
