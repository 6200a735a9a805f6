"""What brings false NG back after the light changed: which pictures, and which limits.

    python3 dev.py bench night_limits -- --data FOLDER --good NAME --seeds 10

Classification in closed form over vectors that are made once, so that many draws take
seconds; the night itself (bench/night.py) is one draw of the whole way. In each draw half of
the images, 200 at most, are known: a version is made from 70 in 100 of them, its limit
chosen on 15. Of half of the others 60 are shown as they were and 100 under another light; 40
are answered, ten of them at random and kept for testing. A new version is judged on the rest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.night_line import lit
from bench.sets import PictureSet, add_options, read_sets
from bench.shape import finish, parser, tell
from pitmark.core.splits import SplitItem, assign_folds, assign_parts
from pitmark.formats.images import decode_image
from pitmark.metrics.threshold import choose_threshold
from pitmark.ops.line.feedback_choice import FromLine, choose
from pitmark.train.closed_form import ridge
from pitmark.train.describe import describe_places, vector_weights

LIGHTS = {"as it was": (1.0, 0.0), "darker": (0.6, 0.6), "brighter": (1.5, 0.2)}
CALM = "as it was"
_KNOWN, _BEFORE, _SINCE, _ANSWERS, _RANDOM, _FOLDS = 200, 60, 100, 40, 0.25, 3
_NEAR, _SAMPLED, _LEAST_SPREAD = 0.1, 0.2, 0.01
_SHARPNESS = 2.0 ** np.arange(0, 6)
Rows = NDArray[np.float64]
Flags = NDArray[np.bool_]
Scorer = Callable[[Rows], Rows]
Seen = tuple[int, str]


@dataclass(frozen=True, slots=True)
class _Way:
    since: bool
    to_val: float = 0.15
    unseen: bool = False


WAYS = {
    "of all day, limit on validation": _Way(since=False),
    "of all day, limit on all unseen": _Way(since=False, unseen=True),
    "since, limit on validation": _Way(since=True),
    "since, 40 in 100 to validation": _Way(since=True, to_val=0.4),
    "since, limit on all unseen": _Way(since=True, unseen=True),
}


def main() -> None:
    """Run the benchmark."""
    arguments = _arguments()
    results = []
    for found in read_sets(arguments):
        looks = _looks(found, arguments.side)
        for light in list(LIGHTS)[1:]:
            for cost in (1.0, 10.0):
                results.append(_row(found, looks, light, cost, arguments))
    finish("night_limits", results, [], arguments)


def _arguments() -> Any:
    out = parser(__doc__ or "")
    add_options(out)
    out.add_argument("--good", action="append", required=True, help="a class without defect")
    out.add_argument("--side", type=int, default=160)
    return out.parse_args()


def _looks(found: PictureSet, side: int) -> dict[str, Rows]:
    """(N, D) vectors of all pictures under each light."""
    out = {}
    for place, (light, how) in enumerate(LIGHTS.items()):
        seeds = {str(n): n + 100_000 * place for n in range(len(found.pictures))}

        def load(key: str, how: tuple[float, float] = how, seeds: Any = seeds) -> Any:
            data = found.pictures[int(key)].path.read_bytes()
            return decode_image(lit(data, *how, seeds[key]), name=key).pixels

        out[light] = describe_places(list(seeds), load, side=side).astype(np.float64)
        tell(f"{found.name}: seen {light}")
    return out


def _row(
    found: PictureSet, looks: dict[str, Rows], light: str, cost: float, arguments: Any
) -> dict[str, Any]:
    figures = defaultdict(list)
    for seed in range(arguments.seeds):
        night = _Night(found, looks, light, cost, set(arguments.good), seed)
        for name, value in night.figures().items():
            figures[name].append(value)
    before = np.array(figures["before"])[:, 0]
    told = {
        name: {
            "false_ng": round(float(np.mean([v[0] for v in values])), 4),
            "missed": round(float(np.mean([v[1] for v in values])), 4),
            "cost": round(float(np.mean([v[2] for v in values])), 4),
            "back": round(float(np.mean([v[0] for v in values] <= before + 0.1)), 2),
        }
        for name, values in figures.items()
    }
    tell(f"{found.name} {light} cost {cost}: {told}")
    return {"data": found.name, "light": light, "cost_escape": cost, "draws": arguments.seeds,
            **told}  # fmt: skip


class _Night:
    """One draw: who is known, what the line shows, and what each way comes to."""

    def __init__(
        self, found: PictureSet, looks: dict[str, Rows], light: str, cost: float,
        good: set[str], seed: int,
    ) -> None:  # fmt: skip
        self.looks, self.light, self.cost, self.seed = looks, light, cost, seed
        self.labels = [p.label for p in found.pictures]
        self.groups = [p.group for p in found.pictures]
        self.classes = sorted(set(self.labels))
        self.good = [n in good for n in self.classes]
        self.bad = np.array([name not in good for name in self.labels])
        names = np.random.default_rng(seed).permutation(sorted(set(self.groups)))
        order = {str(g): n for n, g in enumerate(names)}
        ranked = sorted(range(len(self.labels)), key=lambda n: order[self.groups[n]])
        edge = min(_KNOWN, len(ranked) // 2)
        known, line = ranked[:edge], ranked[edge:]
        shares = {"train": 0.7, "val": 0.15, "test": 0.15}
        self.parts = assign_parts([self._item(n) for n in known], shares, seed=seed)
        shown, self.later = line[: len(line) // 2], line[len(line) // 2 :]
        rng = np.random.default_rng([seed, 1])
        self.before = [(int(n), CALM) for n in rng.permutation(shown)[:_BEFORE]]
        self.since = [(int(n), light) for n in rng.permutation(shown)[:_SINCE]]

    def _item(self, n: int) -> SplitItem:
        return SplitItem(str(n), self.groups[n], (self.labels[n],))

    def _in(self, part: str) -> list[Seen]:
        return [(int(k), CALM) for k, p in self.parts.items() if p == part]

    def _rows(self, seen: Sequence[Seen]) -> Rows:
        return np.array([self.looks[light][n] for n, light in seen])

    def figures(self) -> dict[str, tuple[float, float, float]]:
        """False NG, missed and cost per part, by way."""
        first = self._fit(self._in("train"))
        limit = self._limit(self._in("val"), first(self._rows(self._in("val"))))
        out = {
            "before": self._judged(first, limit, CALM, set()),
            "changed": self._judged(first, limit, self.light, set()),
        }
        for name, way in WAYS.items():
            kept, answers = self._answers(way, first, limit)
            out[name] = self._way(way, answers, {n for n, _ in kept + answers})
        return out

    def _way(self, way: _Way, answers: list[Seen], asked: set[int]) -> Any:
        mixed = np.random.default_rng([self.seed, 2]).permutation(len(answers))
        edge = round(way.to_val * len(answers))
        to_val = [answers[n] for n in mixed[:edge]]
        learned = self._in("train") + [answers[n] for n in mixed[edge:]]
        new, held = self._fit(learned), self._in("val") + to_val
        scores = new(self._rows(held))
        if way.unseen:
            held, scores = held + learned, np.concatenate([scores, self._unseen(learned)])
        return self._judged(new, self._limit(held, scores), self.light, asked)

    def _unseen(self, learned: list[Seen]) -> Rows:
        folds = np.array(
            assign_folds([self._keyed(s, n) for n, s in enumerate(learned)], _FOLDS)
        )
        out = np.zeros(len(learned))
        for fold in set(folds.tolist()):
            rest = [s for s, f in zip(learned, folds, strict=True) if f != fold]
            away = [s for s, f in zip(learned, folds, strict=True) if f == fold]
            out[folds == fold] = self._fit(rest)(self._rows(away))
        return out

    def _keyed(self, seen: Seen, place: int) -> SplitItem:
        return SplitItem(str(place), self.groups[seen[0]], (self.labels[seen[0]],))

    def _fit(self, seen: Sequence[Seen]) -> Scorer:
        """The chance of a defect by the map in closed form that `pitmark train` makes."""
        rows = self._rows(seen)
        given = np.array([self.classes.index(self.labels[n]) for n, _ in seen])
        spread = np.maximum(rows.std(0), _LEAST_SPREAD * np.median(rows.std(0)) + 1e-6)
        center, scale = rows.mean(0), vector_weights() / spread
        wanted = np.eye(len(self.classes))[given]
        counts = np.bincount(given, minlength=len(self.classes))
        found = ridge((rows - center) * scale, wanted, 1 / np.sqrt(counts[given]))
        fits = [-np.log(_softmax(found.left_out * f)[wanted > 0]).mean() for f in _SHARPNESS]
        factor = _SHARPNESS[int(np.argmin(fits))]

        def score(others: Rows) -> Rows:
            values = (others - center) * scale @ found.weights + found.offset
            chances = _softmax(values * factor)[:, ~np.array(self.good)].sum(1)
            return np.asarray(np.clip(chances, 0, 1))

        return score

    def _limit(self, seen: Sequence[Seen], scores: Rows) -> float:
        bad = self.bad[[n for n, _ in seen]]
        found = choose_threshold(bad, scores, cost_escape=self.cost, cost_overkill=1.0)
        return found.threshold

    def _answers(self, way: _Way, first: Scorer, limit: float) -> tuple[list[Seen], list[Seen]]:
        """What is kept for testing, and what is learned from."""
        shown = self.since if way.since else self.before + self.since
        rows = self._rows(shown)
        scores, rng = first(rows), np.random.default_rng([self.seed, 3])
        near = np.abs(scores - limit) <= _NEAR
        kinds = ["doubtful" if d else "ng" if s >= limit else "rest"
                 for d, s in zip(near, scores, strict=True)]  # fmt: skip
        known = self._rows(self._in("train"))
        far = np.sqrt(
            np.mean(((rows - known.mean(0)) / (known.std(0) + 1e-3)).clip(-8, 8) ** 2, 1)
        )
        pool = [
            FromLine(str(n), self.groups[shown[n][0]], kinds[n],
                     float(1 - abs(scores[n] - limit) / _NEAR) if near[n] else None,
                     float(far[n]), bool(scores[n] >= limit))
            for n in range(len(shown)) if kinds[n] != "rest" or rng.random() < _SAMPLED
        ]  # fmt: skip
        picked = choose(
            pool, _ANSWERS, random_share=_RANDOM, parts=Counter(kinds), seed=self.seed
        )
        kept = [shown[int(p.key)] for p in picked if p.pick == "random"]
        return kept, [shown[int(p.key)] for p in picked if p.pick != "random"]

    def _judged(
        self, score: Scorer, limit: float, light: str, asked: set[int]
    ) -> tuple[float, float, float]:
        groups = {self.groups[n] for n in asked}
        rest = [n for n in self.later if self.groups[n] not in groups]
        bad = self.bad[rest]
        ng = score(self._rows([(n, light) for n in rest])) >= limit
        cost = self.cost * np.mean(bad & ~ng) + np.mean(~bad & ng)
        return float(ng[~bad].mean()), float((~ng[bad]).mean()), float(cost)


def _softmax(values: Rows) -> Rows:
    powers = np.exp(values - values.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


if __name__ == "__main__":
    main()
