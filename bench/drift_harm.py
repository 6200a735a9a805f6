"""How many labels it takes to tell a drift that does harm from one that does none."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from bench.shape import gate
from pitmark.quality.drift.harm import AcceptedRates, harm_test

_ACCEPTED = AcceptedRates(escape=0.2, overkill=0.03)
_LABELS = (60, 120)
# Name, share of defective parts, escapes among them, overkill among the others.
_LINES = (
    ("much better than accepted", 0.05, 0.05, 0.003),
    ("half of what is accepted", 0.05, 0.1, 0.015),
    ("just what is accepted", 0.05, 0.2, 0.03),
    ("overkill 12 %", 0.05, 0.2, 0.12),
    ("overkill 17 %", 0.05, 0.2, 0.17),
    ("overkill 30 %", 0.05, 0.2, 0.3),
    ("20 % defective, escapes 60 %", 0.2, 0.6, 0.03),
)


def harm(draws: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Share of draws by verdict, on lines that are as good as accepted and on worse ones.

    Args:
        draws: Of each line.

    Returns:
        Results, and the gate that a line as good as accepted is hardly ever called harmed.
    """
    results = []
    for name, defects, escape, overkill in _LINES:
        for labels in _LABELS:
            said: Counter[str] = Counter()
            for seed in range(draws):
                rng = np.random.default_rng([seed, labels, 7])
                bad = rng.random(labels) < defects
                wrong = rng.random(labels) < np.where(bad, escape, overkill)
                said[harm_test(wrong, bad, _ACCEPTED).verdict] += 1
            shares = {v: round(said[v] / draws, 3) for v in ("harmless", "retrain")}
            results.append({"case": "harm", "metric": "verdicts", "line": name,
                            "labels": labels, "draws": draws, **shares})  # fmt: skip
    calm = [r["retrain"] for r in results if r["line"] == "just what is accepted"]
    return results, [gate("harm: false calls to retrain", max(calm), 0.05, at_least=False)]
