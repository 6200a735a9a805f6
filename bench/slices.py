"""How many planted weak slices are found and confirmed, and how much of what is told is false.

    python3 dev.py bench slices -- --data FOLDER --data FOLDER --planted 200
    python3 dev.py bench slices -- --scale 1000000,20

Slices are planted into the mistakes of our own model on real images (bench/planted_slices.py).
A planted slice is found where a confirmed one shares most with it (F1 of members at least
one half); a confirmed slice is false where fewer than half of its cases are planted. The
peer is an error-aware mixture (bench/error_mixture.py) on the same embedding with all
metadata beside it. Intervals are of the draws (Wilson); --seeds repeats all with other draws.
"""

# ruff: noqa: TID253 - torch is what makes the embeddings
from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.error_mixture import error_mixture
from bench.planted_slices import KINDS, Planted, Scene, plant, scene
from bench.sets import add_options, read_sets
from bench.shape import finish, gate, parser, tell
from pitmark.metrics.intervals import wilson
from pitmark.quality.slices.finding import Cases, SliceOptions, find_slices

Flags = NDArray[np.bool_]

_SAME = 0.5
_TOP = 10
_TOP_PURE = 0.8


@dataclass(frozen=True)
class Draw:
    """What became of one planted slice."""

    data: str
    kind: str
    strength: float
    found: bool
    hinted: bool
    top_ten: bool
    told: int
    false: int
    chance: int
    peer_found: bool
    peer_top_ten: bool
    peer_false: int
    peer_told: int
    seconds: float


def main() -> None:
    """Run the benchmark."""
    arguments = _arguments()
    torch.set_num_threads(1)
    if arguments.scale:
        cases, columns = (int(v) for v in arguments.scale.split(","))
        finish("slices", [_scaled(cases, columns)], [], arguments)
        return
    scenes = [scene(s, most=arguments.most) for s in read_sets(arguments)]
    for known in scenes:
        wrong = {k or "clean": round(float((v != known.labels).mean()), 3)
                 for k, v in known.said.items()}  # fmt: skip
        tell(f"{known.name}: {len(known.labels)} images, share of mistakes {wrong}")
    draws: list[Draw] = []
    for seed in range(arguments.seeds):
        draws += _draws(scenes, arguments.planted, seed)
    results = [_result(name, part) for name, part in _parts(draws)]
    _table(results)
    whole = results[0]
    gates = [
        gate("planted slices found and confirmed", whole["median"], 0.6, at_least=True),
        gate("false among confirmed", whole["false_discovery_rate"], 0.1, at_least=False),
        gate(
            "ten surest cases planted, against the mixture", whole["ratio"], 1.0, at_least=True
        ),
    ]
    finish("slices", results, gates, arguments)


def _arguments() -> argparse.Namespace:
    out = parser(__doc__ or "")
    add_options(out)
    out.add_argument("--planted", type=int, default=200, help="slices per seed, over all sets")
    out.add_argument("--most", type=int, default=1200, help="images of a set at most")
    out.add_argument("--scale", metavar="N,C", help="time a search of N cases, C columns")
    given = out.parse_args()
    if not given.data and not given.scale:
        sys.exit("give at least one --data FOLDER, or --scale N,C")
    return given


def _draws(scenes: Sequence[Scene], count: int, seed: int) -> list[Draw]:
    out: list[Draw] = []
    turn = 0
    while len(out) < count:
        known = scenes[turn % len(scenes)]
        kind = KINDS[(turn // len(scenes)) % len(KINDS)]
        made = plant(known, kind, seed * 1_000_003 + turn)
        turn += 1
        if made is not None and made.member.sum() >= 12:
            out.append(_draw(known.name, made, turn))
            if len(out) % 20 == 0:
                found = sum(d.found for d in out)
                tell(f"{len(out)} planted, {found} found and confirmed")
        if turn > 20 * count:
            sys.exit("the sets have no room for planted slices")
    return out


def _draw(name: str, made: Planted, seed: int) -> Draw:
    started = time.perf_counter()
    found = find_slices(
        Cases(made.failed.astype(float), made.columns, made.groups, made.looks),
        SliceOptions(seed=seed),
    )
    seconds = time.perf_counter() - started
    # That a class is hard as a whole is true of these models, and not planted.
    found = [s for s in found if not s.across]
    sure = [_flags(s.members, made) for s in found if s.confirmed]
    hints = [_flags(s.members, made) for s in found if not s.confirmed]
    tops = [made.member[s.members[:_TOP]].mean() for s in found if s.confirmed]
    peer = error_mixture(_with_metadata(made), made.classes, made.said, seed=seed)
    peers = [p.share >= 0.5 for p in peer]
    peer_tops = [made.member[np.argsort(-p.share)[:_TOP]].mean() for p in peer]
    return Draw(
        name,
        made.kind,
        made.strength,
        any(_f1(m, made.member) >= _SAME for m in sure),
        any(_f1(m, made.member) >= _SAME for m in [*sure, *hints]),
        any(t >= _TOP_PURE for t in tops),
        len(sure),
        sum(not _mostly(m, made.member) for m in sure),
        sum(not _touches(m, made.member) for m in sure),
        any(_f1(m, made.member) >= _SAME for m in peers),
        any(t >= _TOP_PURE for t in peer_tops),
        sum(not _mostly(m, made.member) for m in peers if m.any()),
        sum(bool(m.any()) for m in peers),
        seconds,
    )


def _flags(members: NDArray[np.int64], made: Planted) -> Flags:
    out = np.zeros(len(made.member), dtype=bool)
    out[members] = True
    return out


def _f1(told: Flags, planted: Flags) -> float:
    return float(2 * (told & planted).sum() / max(told.sum() + planted.sum(), 1))


def _mostly(told: Flags, planted: Flags) -> bool:
    return bool(planted[told].mean() >= _SAME) if told.any() else False


def _touches(told: Flags, planted: Flags) -> bool:
    """Whether planted cases are clearly more frequent inside: the weakness is no chance."""
    return bool(planted[told].mean() >= 1.5 * planted.mean())


def _with_metadata(made: Planted) -> NDArray[np.float64]:
    """The embedding with all columns beside it, each counting as one direction of the look."""
    looks = (made.looks - made.looks.mean(0)) / (made.looks.std() + 1e-9)
    parts = [looks]
    for name, values in made.columns.items():
        if name == "class":
            continue
        if values.dtype.kind == "f":
            parts.append(((values - values.mean()) / (values.std() + 1e-9))[:, None])
        else:
            parts.append(2.0 * (values[:, None] == np.unique(values)[None, :]))
    return np.concatenate(parts, axis=1)


def _parts(draws: Sequence[Draw]) -> list[tuple[str, list[Draw]]]:
    out = [("all", list(draws))]
    out += [(k, [d for d in draws if d.kind == k]) for k in dict.fromkeys(KINDS)]
    out += [(n, [d for d in draws if d.data == n]) for n in sorted({d.data for d in draws})]
    limits = ((0.0, 0.3), (0.3, 0.5), (0.5, 1.0))
    out += [
        (f"raised by {a:.2f}-{b:.2f}", [d for d in draws if a < d.strength <= b])
        for a, b in limits
    ]
    return [(name, part) for name, part in out if part]


def _result(name: str, part: Sequence[Draw]) -> dict[str, Any]:
    count = len(part)
    found, peer = sum(d.found for d in part), sum(d.peer_found for d in part)
    tops, peer_tops = sum(d.top_ten for d in part), sum(d.peer_top_ten for d in part)
    told, false = sum(d.told for d in part), sum(d.false for d in part)
    share = wilson(found, count)
    wrong = wilson(false, told)
    peer_told, peer_false = sum(d.peer_told for d in part), sum(d.peer_false for d in part)
    return {
        "data": name,
        "task": "classification",
        "metric": "found",
        "draws": count,
        "median": round(found / count, 4),
        "low": round(share.low, 4),
        "high": round(share.high, 4),
        "with_hints": round(sum(d.hinted for d in part) / count, 4),
        "top_ten": round(tops / count, 4),
        "confirmed": told,
        "false_discovery_rate": round(false / told, 4) if told else 0.0,
        "false_low": round(wrong.low, 4) if told else 0.0,
        "false_high": round(wrong.high, 4) if told else 0.0,
        "chance_rate": round(sum(d.chance for d in part) / told, 4) if told else 0.0,
        "peer": "error-aware mixture",
        "peer_median": round(peer / count, 4),
        "peer_top_ten": round(peer_tops / count, 4),
        "peer_false_discovery_rate": round(peer_false / max(peer_told, 1), 4),
        "ratio": round(tops / max(peer_tops, 1), 3),
        "seconds": round(statistics.median(d.seconds for d in part), 2),
    }


def _table(results: Sequence[dict[str, Any]]) -> None:
    tell(
        f"{'':<24}{'planted':>8}{'found':>8}{'hints':>8}{'false':>8}{'chance':>8}{'mixture':>9}"
    )
    for r in results:
        tell(
            f"{r['data']:<24}{r['draws']:>8}{r['median']:>8.2f}{r['with_hints']:>8.2f}"
            f"{r['false_discovery_rate']:>8.2f}{r['chance_rate']:>8.2f}{r['peer_median']:>9.2f}"
        )


def _scaled(count: int, columns: int) -> dict[str, Any]:
    """Time and memory of one search with two planted rules, and an embedding of 64 numbers."""
    rng = np.random.default_rng(0)
    known: dict[str, Any] = {}
    for n in range(columns):
        if n % 2:
            known[f"measure{n}"] = rng.normal(size=count).astype(np.float32)
        else:
            size = 3 + 2 * n
            known[f"name{n}"] = np.array([f"v{k}" for k in range(size)])[
                rng.integers(0, size, count)
            ]
    first = (known["name0"] == "v0") & (known["measure1"] > 1.0)
    second = known["name2"] == "v1"
    chance = 0.1 + 0.15 * first + 0.1 * second
    loss = (rng.random(count) < chance).astype(np.float64)
    looks = rng.standard_normal((count, 64), dtype=np.float32).astype(np.float16)
    started = time.perf_counter()
    told = [s for s in find_slices(Cases(loss, known, embeddings=looks)) if s.confirmed]
    seconds = time.perf_counter() - started
    for one in told:
        tell(one.sentence())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "data": f"{count} cases, {columns} columns, 64 numbers of embedding",
        "metric": "seconds",
        "median": round(seconds, 1),
        "peak_mb": round(peak),
        "confirmed": len(told),
    }


if __name__ == "__main__":
    main()
