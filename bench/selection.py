"""Does choosing what to label beat drawing at random? Pairs of draws on real labels.

    python3 dev.py bench selection -- --data FOLDER --data FOLDER --seeds 24
    python3 dev.py bench selection -- --scale 1000000

Half of the groups of a set are the pool, the others the test. Strategies pick 10, then 20,
then 50 images from the same pool, learning from their own earlier picks; a ridge
regression on the vectors of the shipped backbone learns from the picks and is judged by
its mean class recall (and accuracy) on the test. Differences are paired by draw
(Wilcoxon's signed-rank test, two-sided).

The gates hold what `pitmark select` does by itself (strategy "needed") against random.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import wilcoxon

from bench.sets import PictureSet, add_options, read_sets
from bench.shape import finish, gate, parser, tell
from pitmark.ops.data.vector_learner import closed_form_learner
from pitmark.quality.group_codes import group_codes
from pitmark.quality.selection.coreset import select_coreset
from pitmark.quality.selection.next_labels import STRATEGIES, Strategy, select_next
from pitmark.quality.selection.replay import Trial, mean_recall
from pitmark.train.embed import embed_images
from pitmark.train.precision import limited_threads

_LEVEL = 0.05
_WIDTH = 128
_SCALE_KEEP = 10_000
_SCALE_CLASSES = 8
# A pool must leave a choice at a budget.
_LARGEST_SHARE = 0.9
METRICS = ("mean_recall", "accuracy")

Scores = dict[tuple[Strategy, int, str], list[float]]


def main() -> None:
    """Run the benchmark."""
    arguments = _arguments()
    results: list[dict[str, Any]] = []
    gates: list[dict[str, Any]] = []
    with limited_threads(arguments.threads):
        for found in read_sets(arguments):
            results += _on(found, arguments)
        if arguments.data:
            gates += judged(results)
        if arguments.scale:
            results += _at_scale(arguments.scale)
            gates += _scale_gates(results)
    finish("selection", results, gates, arguments)


def _arguments() -> argparse.Namespace:
    out = parser(__doc__ or "")
    out.set_defaults(seeds=24)
    add_options(out)
    out.add_argument("--budget", default="10,20,50", help="labels in total, rising")
    out.add_argument("--scale", type=int, default=0, metavar="N",
                     help="also choose from N generated vectors in a mapped file")  # fmt: skip
    out.add_argument("--threads", type=int, default=1)
    given = out.parse_args()
    if not given.data and not given.scale:
        sys.exit("give at least one --data FOLDER, or --scale N")
    if given.data and given.seeds < 6:
        sys.exit("a signed-rank test cannot speak with fewer than 6 draws: raise --seeds")
    return given


def _on(found: PictureSet, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    started = time.perf_counter()
    by_key = {str(i): p for i, p in enumerate(found.pictures)}
    embedded = embed_images(list(by_key), lambda key: by_key[key].pixels())
    vectors = np.stack([embedded[k] for k in by_key]).astype(np.float64)
    tell(f"{found.name}: vectors after {time.perf_counter() - started:.0f} s")
    budgets = sorted({int(b) for b in arguments.budget.split(",")})
    groups = group_codes([p.group for p in found.pictures])
    scores: Scores = {}
    for seed in range(arguments.seeds):
        _draw(vectors, found.labels, groups, budgets=budgets, seed=seed, scores=scores)
    seconds = round(time.perf_counter() - started, 1)
    shared = {"data": found.name, "task": "classification", "draws": arguments.seeds,
              "seconds": seconds, "peak_mb": round(_peak_mb())}  # fmt: skip
    rows = [
        {**shared, **compared(scores, strategy, budget, metric)}
        for strategy in STRATEGIES
        for budget in budgets
        for metric in METRICS
        if (strategy, budget, metric) in scores and strategy != "random"
    ]
    skipped = [b for b in budgets if ("random", b, METRICS[0]) not in scores]
    for budget in skipped:
        tell(f"{found.name}: the pool is too small for {budget} labels")
    for row in rows:
        if row["metric"] == METRICS[0]:
            tell(
                f"{found.name}@{row['budget']} {row['strategy']}: {row['median']:.3f}, random"
                f" {row['random_median']:.3f}, {row['difference']:+.3f}, p {row['p_value']:.3f}"
            )
    return rows


def _draw(
    vectors: NDArray[np.float64],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    *,
    budgets: Sequence[int],
    seed: int,
    scores: Scores,
) -> None:
    """One pool and test, all strategies on them."""
    parts = np.random.default_rng([seed, 1]).permutation(np.unique(groups))
    inside = np.isin(groups, parts[: len(parts) // 2])
    pool, test = np.flatnonzero(inside), np.flatnonzero(~inside)
    fitting = [b for b in budgets if b <= _LARGEST_SHARE * len(pool)]
    learn = closed_form_learner(int(labels.max()) + 1)
    trial = Trial(vectors[pool], labels[pool], groups[pool].tolist(), learn)
    for strategy in STRATEGIES:
        picks = trial.picks(strategy, fitting, seed)
        for budget in fitting:
            chances = learn(*trial.learned(picks[:budget]), vectors[test])
            right = float((chances.argmax(axis=1) == labels[test]).mean())
            values = (mean_recall(labels[test], chances), right)
            for metric, value in zip(METRICS, values, strict=True):
                scores.setdefault((strategy, budget, metric), []).append(value)


def compared(scores: Scores, strategy: Strategy, budget: int, metric: str) -> dict[str, Any]:
    """A strategy against random at one budget, draw by draw."""
    own = np.array(scores[strategy, budget, metric])
    lot = np.array(scores["random", budget, metric])
    gaps = own - lot
    low, high = np.quantile(own, [0.1, 0.9]).tolist()
    return {
        "budget": budget,
        "strategy": strategy,
        "metric": metric,
        "median": statistics.median(own.tolist()),
        "low": low,
        "high": high,
        "random_median": statistics.median(lot.tolist()),
        "difference": float(gaps.mean()),
        "p_value": float(wilcoxon(gaps).pvalue) if gaps.any() else 1.0,
    }


def judged(results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """On how many sets the default is ever significantly worse, and on how many better.

    A set counts as better when some budget is significantly better and none is worse.
    """
    rows = [r for r in results if r["strategy"] == "needed" and r["metric"] == METRICS[0]]
    clear = [r for r in rows if r["p_value"] < _LEVEL]
    worse = {r["data"] for r in clear if r["difference"] < 0}
    better = {r["data"] for r in clear if r["difference"] > 0} - worse
    sets = {r["data"] for r in rows}
    wanted = min(2, len(sets))
    return [
        gate("sets on which it is significantly worse = 0", len(worse), 0, at_least=False),
        gate(f"sets on which it is significantly better >= {wanted}", len(better), wanted,
             at_least=True),
    ]  # fmt: skip


def _at_scale(count: int) -> list[dict[str, Any]]:
    """Choose from N generated vectors in a mapped float16 file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "vectors.npy"
        labels = _generate(file, count)
        vectors = np.load(file, mmap_mode="r")
        kept = min(_SCALE_KEEP, count // 2)
        hardness = np.random.default_rng(2).random(count)
        out = []
        for strategy, work in (
            (
                "coreset",
                lambda: select_coreset(vectors, kept, labels=labels, hardness=hardness),
            ),
            ("typical", lambda: select_next(vectors, 100)),
        ):
            started, used = time.perf_counter(), time.process_time()
            work()
            seconds = time.perf_counter() - started
            tell(f"{strategy} of {count}: {seconds:.0f} s, {_peak_mb():.0f} MB so far")
            shared = {"data": "generated", "task": "classification", "rows": count,
                      "strategy": strategy, "budget": kept if strategy == "coreset" else 100,
                      "seconds": round(seconds, 1), "peak_mb": round(_peak_mb()),
                      "cpu_seconds": round(time.process_time() - used, 1)}  # fmt: skip
            out += [
                {**shared, "metric": "seconds", "value": round(seconds, 1)},
                {**shared, "metric": "peak_mb", "value": round(_peak_mb())},
            ]
    return out


def _generate(file: Path, count: int) -> NDArray[np.int64]:
    """Vectors in clusters of very different sizes, written block by block."""
    rng = np.random.default_rng(0)
    centers = rng.standard_normal((500, _WIDTH)).astype(np.float32)
    chance = rng.pareto(1.5, len(centers)) + 0.01
    own = rng.choice(len(centers), count, p=chance / chance.sum())
    out = np.lib.format.open_memmap(file, "w+", np.float16, (count, _WIDTH))
    for start in range(0, count, 50_000):
        part = own[start : start + 50_000]
        noise = rng.standard_normal((len(part), _WIDTH), dtype=np.float32)
        out[start : start + len(part)] = centers[part] + 0.7 * noise
    out.flush()
    return np.asarray(own % _SCALE_CLASSES, dtype=np.int64)


def _scale_gates(results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    peak = max(r["value"] for r in results if r["metric"] == "peak_mb")
    slowest = max(r["value"] for r in results if r["metric"] == "seconds")
    return [
        gate("memory at scale <= 4000 MB", peak, 4000, at_least=False),
        gate("slowest choice at scale <= 600 s", slowest, 600, at_least=False),
    ]


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
