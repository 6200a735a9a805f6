"""How long the queue of findings takes, masks among the suggestions.

    python3 dev.py bench server_findings -- --findings 2464

Generated rows: findings that each suggest a mask of some ten thousand pixels in an image of
five megapixels, a third of them decided, asked as the web app asks. Processor time is told
beside the clock, for other work on the machine is in the clock only.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.server_rows import CLASSES, PROJECT, make_project, sha_of
from bench.shape import finish, parser, tell
from pitmark.core.labels import MaskShape
from pitmark.ops.labels.finding_order import ranked, with_suggestions
from pitmark.ops.labels.review import review_status
from pitmark.store.db import ProjectStore, open_store
from pitmark.store.findings import NewFinding

_SIZE_WH = (2448, 2048)
_RUNS = 400
_DECIDED = 0.3
_PAGE = 50
_TIMES = 7


def main() -> None:
    """Run the benchmark."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--findings", type=int, default=2464)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        make_project(home, asked.findings)
        with open_store(home) as store:
            project = store.project(PROJECT)
            _file(project, asked.findings)
            questions: dict[str, Callable[[], object]] = {
                "a page of findings": lambda: with_suggestions(
                    project, ranked(project, state="open")[:_PAGE]
                ),
                "how the review stands": lambda: review_status(project),
            }
            results = [_took(what, ask) for what, ask in questions.items()]
    finish("server_findings", [{"rows": asked.findings, **r} for r in results], [], asked)


def _file(project: ProjectStore, count: int) -> None:
    """Findings with masks, weighed as an audit leaves them, some of them decided."""
    rng = np.random.default_rng(0)
    found = [
        NewFinding("wrong_class", sha_of(n), 0, float(rng.random()), "odd", (_mask(rng),))
        for n in range(count)
    ]
    project.findings.save(found, source="audit")
    weights = {
        row.id: {
            "value": float(rng.random() / 100),
            "split": ("train", "val", "test")[int(rng.integers(3))],
            "label": CLASSES[0],
            "labels": 40,
            "covers": 1,
        }
        for row in project.findings.list(state="open")
    }
    project.findings.weigh(weights)
    with project.transaction():
        for row in project.findings.list(state="open")[: int(_DECIDED * count)]:
            project.findings.settle(row.id, "dismissed", "bench")


def _mask(rng: np.random.Generator) -> MaskShape:
    width, height = _SIZE_WH
    inside = rng.integers(10, 50, _RUNS)
    first = int(rng.integers(0, width - _RUNS) * height)
    counts = [first]
    for run in inside.tolist():
        counts += [run, height - run]
    counts[-1] += width * height - sum(counts)
    return MaskShape(CLASSES[0], _SIZE_WH, tuple(counts))


def _took(what: str, ask: Callable[[], object]) -> dict[str, Any]:
    ask()
    walls, cpus = [], []
    for _ in range(_TIMES):
        wall, cpu = time.perf_counter(), time.thread_time()
        ask()
        walls.append(1000 * (time.perf_counter() - wall))
        cpus.append(1000 * (time.thread_time() - cpu))
    found = {"p50_ms": float(np.median(walls)), "cpu_p50_ms": float(np.median(cpus))}
    told: dict[str, Any] = {name: round(value, 1) for name, value in found.items()}
    tell(f"{what}: {told}")
    return {"query": what, **told}


if __name__ == "__main__":
    main()
