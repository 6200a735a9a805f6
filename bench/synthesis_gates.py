"""The lines and the gates of the synthesis bench."""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from typing import Any

from bench.shape import gate
from bench.synthesis_ways import CONTROL, OURS, OVERSAMPLED, RIVALS, Figures

_GAIN, _LOSS = 0.10, -0.02


def results_of(
    data: str, label: str, draws: list[list[Figures]], arguments: argparse.Namespace
) -> list[dict[str, Any]]:
    out = []
    for way in [f.way for f in draws[0]]:
        mine = [next(f for f in d if f.way == way) for d in draws]
        gains = [f.gain for f in mine]
        out.append(
            {
                "data": data,
                "task": arguments.task,
                "class": label,
                "way": way,
                "metric": "recall",
                "before": round(statistics.median(f.before for f in mine), 4),
                "after": round(statistics.median(f.after for f in mine), 4),
                "median": round(statistics.median(gains), 4),
                "low": round(min(gains), 4),
                "high": round(max(gains), 4),
                "others_before": _median([f.others_before for f in mine]),
                "worst_other": _median([f.worst_other for f in mine]),
                "pooled_others": _median([f.pooled_others for f in mine]),
                "false_alarms": _median([f.false_alarms for f in mine]),
                "kept": [f.kept for f in mine],
                "draws": len(draws),
                "seconds": round(statistics.median(f.seconds for f in mine), 1),
            }
        )
    return out


def _median(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return round(statistics.median(known), 4) if known else None


def gates_of(data: str, label: str, draws: list[list[Figures]]) -> list[dict[str, Any]]:
    mine = [next(f for f in d if f.way == OURS) for d in draws]
    gains = [f.gain for f in mine]
    what = f"{data}, {label}"
    out = [
        gate(f"{what}: recall up by 10 points, median", round(statistics.median(gains), 4),
             _GAIN, at_least=True),
        gate(f"{what}: no other class down by more than 2 points, median of the worst",
             _median([f.worst_other for f in mine]), _LOSS, at_least=True),
        gate(f"{what}: kept where recall of the class fell or another fell clearly",
             sum(f.kept is True and f.gain <= 0 for f in mine), 0, at_least=False),
    ]  # fmt: skip
    for rival in RIVALS:
        others = [f for d in draws for f in d if f.way == rival]
        if others and rival == OVERSAMPLED:
            credited = sum(
                m.kept is True and m.gain <= o.gain for m, o in zip(mine, others, strict=True)
            )
            name = f"{what}: kept where oversampling found as much"
            out.append(gate(name, credited, 0, at_least=False))
        if others:
            ahead = statistics.median(
                m.gain - o.gain for m, o in zip(mine, others, strict=True)
            )
            out.append(gate(f"{what}: ahead of {rival}", round(ahead, 4), 0.0, at_least=True))
    control = [f for d in draws for f in d if f.way == CONTROL]
    if control:
        dropped = sum(f.kept is False for f in control) / len(control)
        out.append(
            gate(f"{what}: share of useless controls dropped", dropped, 1.0, at_least=True)
        )
    return out
