"""Whether the class named first is the one whose added images bring the most.

    python3 dev.py bench needs -- --data FOLDER --data FOLDER --seeds 30

Of any importable folder two classes (--thin) that allow it are thinned to 10 to 30
examples each; the others keep half of theirs, at most 100. From these alone the needs are
told. Then the same number of further examples is really added to one class after the
other and judged on what is left, over many halvings of it: the gain in mean recall that
comes out is the truth. Examples are images, or labeled objects (their images never part)
where a set has boxes; the learner is the quick one on features that pitmark makes, for
the forecast and for the truth alike. Rivals in the same run: the class with the fewest
examples, and the one with the lowest recall on examples held back.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.sets import add_options, read_set
from bench.shape import finish, gate, parser, tell
from pitmark.core.labels import BoxShape
from pitmark.core.records import ImageRecord, LabeledImage
from pitmark.formats.images import decode_image
from pitmark.formats.registry import read_folder
from pitmark.metrics.intervals import wilson
from pitmark.ops.data.need_units import BACKGROUND, Unit, describe, units_of
from pitmark.quality.needs.cheap_learner import CheapLearner
from pitmark.quality.needs.class_gains import ClassGains, Gain, class_gains
from pitmark.quality.needs.class_rounds import own_folds, run_rounds
from pitmark.train.describe import vector_weights

FEWEST, MOST = 10, 30
_KEPT = 100
_HALVINGS = 10
# One mistake in a handful of test images would outweigh all that is added elsewhere.
_LEAST_TEST = 12
_TARGET = 0.7
_MOST_UNITS = 3000
_T80 = 1.645

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pool:
    """All examples of a set."""

    name: str
    task: str
    vectors: NDArray[np.float32]
    labels: Ints
    groups: NDArray[np.str_]
    classes: list[str]
    scored: list[int]
    grouped_by: str | None


@dataclass(frozen=True, eq=False)
class Draw:
    """What one draw gave: per class the gains foretold, and those that came true."""

    foretold: dict[int, ClassGains]
    gains: dict[int, Gain]
    true: dict[int, Floats]
    chosen: list[int]

    def mean(self, number: int) -> float:
        """The true gain of a class."""
        return float(self.true[number].mean())

    @property
    def best(self) -> int:
        """The class whose added examples brought the most."""
        return max(self.true, key=self.mean)

    @property
    def named(self) -> int:
        """The class named first."""
        return max(self.true, key=lambda c: self.gains[c].median)

    @property
    def fewest(self) -> int:
        """The class with the fewest examples."""
        return min(self.true, key=lambda c: self.foretold[c].count)

    @property
    def lowest(self) -> int:
        """The class with the lowest recall."""
        return min(self.true, key=lambda c: self.foretold[c].recall)

    @property
    def level(self) -> bool:
        """Whether the class named first is the best, or cannot be told from it."""
        gap = self.true[self.best] - self.true[self.named]
        return self.best == self.named or bool(
            gap.mean() <= _T80 * gap.std(ddof=1) / np.sqrt(len(gap))
        )


def main() -> None:
    """Run the benchmark."""
    arguments = _arguments()
    results, gates = [], []
    for folder in arguments.data:
        started = time.perf_counter()
        pool = _pool(folder, arguments)
        added = _added(pool, arguments.add)
        draws = [_draw(pool, added, arguments.thin, seed) for seed in range(arguments.seeds)]
        seconds = time.perf_counter() - started
        found = _results(pool, added, draws, seconds)
        results += found
        for one in found:
            name = f"{pool.name} {one['metric']} >= {_TARGET}"
            gates.append(gate(name, one["median"], _TARGET, at_least=True))
            tell(
                f"{pool.name}: {one['metric']} {one['median']:.2f}"
                f" ({one['low']:.2f} to {one['high']:.2f}); {one.get('told', '')}"
            )
    finish("needs", results, gates, arguments)


def _arguments() -> argparse.Namespace:
    out = parser("which class needs more")
    add_options(out)
    out.add_argument("--add", type=int, default=30, help="examples added to a class")
    out.add_argument("--thin", type=int, default=2, help="how many classes are thinned")
    arguments = out.parse_args()
    if not arguments.data:
        out.error("name at least one --data FOLDER")
    return arguments


def _pool(folder: Path, arguments: argparse.Namespace) -> Pool:
    """Objects of a set with boxes, else images by class."""
    listed = read_folder(folder, pattern=arguments.pattern)
    boxes = any(isinstance(s, BoxShape) for i in listed.images for s in i.shapes or ())
    files: dict[str, Path] = {}
    grouped = None
    if boxes:
        units, task = _object_units(listed.images, files), "detection"
    else:
        found = read_set(folder, arguments)
        grouped, task = found.grouped_by, "classification"
        units = []
        for picture in found.pictures:
            key = hashlib.sha256(str(picture.path).encode()).hexdigest()
            files[key] = picture.path
            units.append(Unit(key, picture.group, None, picture.label))
    seen = describe(
        lambda sha: decode_image(files[sha].read_bytes(), name=files[sha].name).pixels,
        units,
        most=_MOST_UNITS,
    )
    classes = sorted(seen.counts)
    labels = np.array([classes.index(u.label) for u in seen.units])
    scored = [n for n, name in enumerate(classes) if name != BACKGROUND]
    tell(f"{folder.name} ({task}): {dict(Counter(classes[k] for k in labels))}")
    groups = np.array([u.group for u in seen.units])
    return Pool(folder.name, task, seen.vectors, labels, groups, classes, scored, grouped)


def _object_units(images: list[Any], files: dict[str, Path]) -> list[Unit]:
    labeled = []
    for image in images:
        if image.shapes is None:
            continue
        key = hashlib.sha256(str(image.path).encode()).hexdigest()
        files[key] = image.path
        decoded = decode_image(image.path.read_bytes(), name=image.name).pixels
        record = ImageRecord(key, decoded.shape[1], decoded.shape[0], "L", image.name)
        labeled.append(LabeledImage(record, tuple(image.shapes), "train"))
    return units_of(labeled, "detection")


def _added(pool: Pool, wanted: int) -> int:
    """As many as three classes (two, where there are only two) can give twice."""
    counts = sorted((pool.labels == c).sum() for c in pool.scored)[::-1]
    third = counts[min(2, len(counts) - 1)]
    return max(5, min(wanted, int(third - FEWEST) // 2))


def _draw(pool: Pool, added: int, thinned: int, seed: int) -> Draw:
    rng = np.random.default_rng(seed)
    known, rest, chosen = _thin(pool, added, thinned, rng)
    order = np.concatenate([known, rest])
    learner = CheapLearner(
        pool.vectors[order],
        pool.labels[order],
        len(pool.classes),
        weights=vector_weights(),
    )
    mine, others = np.arange(len(known)), np.arange(len(known), len(order))
    left = np.bincount(pool.labels[rest], minlength=len(pool.classes))
    able = [c for c in pool.scored if left[c] >= 1.5 * added]
    scored = [c for c in pool.scored if left[c] >= _LEAST_TEST]
    foretold = _foretell(pool, known, scored, seed)
    able = [c for c in able if c in foretold]
    true = _truth(learner, (mine, others), pool.groups[order], able, (added, rng), scored)
    gains = {c: foretold[c].more(added) for c in able}
    out = Draw(foretold, gains, true, chosen)
    tell(
        f"{pool.name} {seed}: +{added}; "
        + ", ".join(
            f"{pool.classes[c]} ({foretold[c].count}) {100 * gains[c].median:+.1f}"
            f" [{100 * gains[c].low:+.1f} {100 * gains[c].high:+.1f}]"
            f" true {100 * out.mean(c):+.1f}"
            for c in able
        )
    )
    return out


def _thin(
    pool: Pool, added: int, thinned: int, rng: np.random.Generator
) -> tuple[Ints, Ints, list[int]]:
    """Examples that are known, examples of other groups, and the classes thinned."""
    counts = np.bincount(pool.labels, minlength=len(pool.classes))
    able = [c for c in pool.scored if counts[c] >= FEWEST + 2 * added]
    chosen = [int(c) for c in rng.permutation(able)[:thinned]]
    wanted = {c: min(_KEPT, int(counts[c]) // 2) for c in range(len(pool.classes))}
    for c in chosen:
        wanted[c] = min(int(rng.integers(FEWEST, MOST + 1)), int(counts[c]) - 2 * added)
    known: list[int] = []
    have: Counter[int] = Counter()
    for group in rng.permutation(np.unique(pool.groups)):
        # Of an image with objects of several classes those are known that are wanted.
        for place in np.flatnonzero(pool.groups == group):
            label = int(pool.labels[place])
            if have[label] < wanted[label]:
                known.append(int(place))
                have[label] += 1
    taken = np.isin(pool.groups, pool.groups[known])
    return np.array(known), np.flatnonzero(~taken), chosen


def _foretell(pool: Pool, known: Ints, scored: list[int], seed: int) -> dict[int, ClassGains]:
    labels, groups = pool.labels[known], list(pool.groups[known])
    learner = CheapLearner(
        pool.vectors[known], labels, len(pool.classes), weights=vector_weights()
    )
    wanted = [c for c in pool.scored if (labels == c).any()]
    rounds = run_rounds(learner, groups, wanted=wanted, seed=seed)
    return class_gains(rounds, labels, groups, scored=[c for c in wanted if c in scored])


def _truth(
    learner: CheapLearner,
    sides: tuple[Ints, Ints],
    groups: NDArray[np.str_],
    able: list[int],
    adding: tuple[int, np.random.Generator],
    scored: list[int],
) -> dict[int, Floats]:
    """Per class the gain in mean recall of each time that examples were really added."""
    known, rest = sides
    added, rng = adding
    out: dict[int, list[float]] = {c: [] for c in able}
    labels = learner.labels
    strength = learner.strength(known)
    for _ in range(_HALVINGS):
        half = own_folds(
            labels[rest], list(groups[rest]), folds=2, seed=int(rng.integers(1 << 30))
        )
        for side in (0, 1):
            giving, test = rest[half == side], rest[half != side]
            before = _mean_recall(learner, (known, test), strength, scored)
            for c in able:
                new = rng.permutation(giving[labels[giving] == c])[:added]
                train = np.concatenate([known, new])
                out[c].append(_mean_recall(learner, (train, test), strength, scored) - before)
    return {c: np.array(v) for c, v in out.items()}


def _mean_recall(
    learner: CheapLearner, sides: tuple[Ints, Ints], strength: float, scored: list[int]
) -> float:
    train, test = sides
    hit = learner.values(train, test, strength=strength).argmax(1) == learner.labels[test]
    truth = learner.labels[test]
    return float(np.mean([hit[truth == c].mean() for c in scored if (truth == c).any()]))


def _results(pool: Pool, added: int, draws: list[Draw], seconds: float) -> list[dict[str, Any]]:
    shared = {
        "data": pool.name,
        "task": pool.task,
        "learner": "quick",
        "grouped_by": pool.grouped_by or "image",
        "added": added,
        "draws": len(draws),
        "seconds": round(seconds, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    hits = {
        k: _share([getattr(d, k) == d.best for d in draws])
        for k in ("named", "fewest", "lowest")
    }
    reached = sum(d.mean(d.named) for d in draws)
    possible = sum(d.mean(d.best) for d in draws)
    level = _share([d.level for d in draws])["median"]
    named = {
        **shared,
        "metric": "best_class_named",
        **hits["named"],
        "named_or_level": level,
        "share_of_best_gain": round(reached / possible, 3) if possible > 0 else None,
        "classes": statistics.median(len(d.true) for d in draws),
        "peer": "fewest images",
        "peer_median": hits["fewest"]["median"],
        "second_peer": "lowest recall",
        "second_peer_median": hits["lowest"]["median"],
    }
    named["told"] = (
        f"level with the best {level:.2f}, fewest images {hits['fewest']['median']:.2f},"
        f" lowest recall {hits['lowest']['median']:.2f}"
    )
    once = [_inside(d.gains[d.named], d.true[d.named]).mean() for d in draws]
    coverage = {
        **shared,
        "metric": "interval_coverage",
        "median": round(float(np.mean(once)), 3),
        "low": round(float(np.quantile(once, 0.1)), 3),
        "high": round(float(np.quantile(once, 0.9)), 3),
        "stated": 0.8,
        "of_mean_gain": _share(
            [bool(_inside(d.gains[d.named], d.true[d.named].mean())) for d in draws]
        )["median"],
        "all_classes": round(
            float(
                np.mean([_inside(d.gains[c], d.true[c]).mean() for d in draws for c in d.true])
            ),
            3,
        ),
        "foretold_points": round(
            100 * statistics.mean(d.gains[d.named].median for d in draws), 2
        ),
        "realized_points": round(100 * reached / len(draws), 2),
    }
    return [named, coverage]


def _inside(gain: Gain, true: Any) -> Any:
    return (gain.low <= np.asarray(true)) & (np.asarray(true) <= gain.high)


def _share(flags: list[bool]) -> dict[str, float]:
    found = wilson(sum(flags), len(flags))
    return {
        "median": round(sum(flags) / len(flags), 3),
        "low": round(found.low, 3),
        "high": round(found.high, 3),
    }


if __name__ == "__main__":
    main()
