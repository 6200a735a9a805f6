"""The loop by commands alone: import, snapshot, train, release, predict on any folder.

    python3 dev.py bench loop -- --data FOLDER --task detection --seeds 3

Every step is the `pitmark` command that docs/benchmarks.md shows, timed as a process.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.shape import finish, gate, measured, parser, tell

PITMARK = [sys.executable, "-m", "pitmark"]
HEADLINE = {
    "classification": "mean_recall",
    "detection": "mAP50",
    "segmentation": "AUROC",
    "anomaly": "AUROC",
}
ALSO = {"segmentation": ("IoU", "Dice", "AUPRO"), "anomaly": ("AUPRO", "AP")}


def main() -> None:
    """Run the benchmark."""
    arguments = _arguments()
    results: list[dict[str, Any]] = []
    for data in arguments.data:
        with tempfile.TemporaryDirectory() as folder:
            results += _one(data, Path(folder), arguments)
    seconds = [r["train_seconds"] for r in results if "train_seconds" in r]
    memory = [r["peak_mb"] for r in results if "peak_mb" in r]
    gates = []
    if seconds and arguments.side is not None and arguments.side <= 320:
        gates = [
            gate("training within 150 s", max(seconds), 150, at_least=False),
            gate("peak memory under 3000 MB", max(memory), 3000, at_least=False),
        ]
    finish("loop", results, gates, arguments)


def _arguments() -> Any:
    out = parser(__doc__ or "")
    out.add_argument("--task", required=True)
    out.add_argument("--train", type=int, default=40)
    out.add_argument("--val", type=int, default=10)
    out.add_argument("--preset", default="balanced")
    out.add_argument("--side", type=int)
    out.add_argument("--quick", action="store_true")
    out.add_argument("--import", dest="import_", default="", help="options of pitmark import")
    return out.parse_args()


def _one(data: Path, folder: Path, arguments: Any) -> list[dict[str, Any]]:
    home = ["--home", str(folder / "home"), "--json"]
    name = data.name
    run_json([*PITMARK, "new", name, "--task", arguments.task, *home])
    options = arguments.import_.split()
    imported, import_s, _ = run_json([*PITMARK, "import", str(data), *options, *home])
    draws: dict[str, list[float]] = {}
    train_s: list[float] = []
    peak: list[float] = []
    for seed in range(arguments.seeds):
        split = ["--train", str(arguments.train), "--val", str(arguments.val)]
        run_json([*PITMARK, "snapshot", *split, "--seed", str(seed), *home])
        options = ["--preset", arguments.preset, "--seed", str(seed)]
        options += ["--side", str(arguments.side)] if arguments.side else []
        options += ["--quick"] if arguments.quick else []
        report, seconds, memory = run_json([*PITMARK, "train", *options, *home])
        train_s.append(seconds)
        peak.append(memory)
        for metric in (HEADLINE[arguments.task], *ALSO.get(arguments.task, ())):
            value = report["metrics"].get(metric)
            draws.setdefault(metric, []).extend([] if value is None else [value])
        tell(f"{name} draw {seed}: {report['metrics']} in {seconds:.0f} s, {memory:.0f} MB")
    released, release_s, _ = run_json([*PITMARK, "release", str(folder / "x.pitmark"), *home])
    command = [*PITMARK, "predict", str(folder / "x.pitmark"), str(data), *home]
    inspected, predict_s, _ = run_json(command)
    shared = {
        "data": name,
        "task": arguments.task,
        "budget": arguments.train + arguments.val,
        "preset": "quick" if arguments.quick else arguments.preset,
        "train_seconds": round(max(train_s), 1),
        "seconds": round(import_s + statistics.median(train_s) + release_s + predict_s, 1),
        "import_seconds": round(import_s, 1),
        "release_seconds": round(release_s, 1),
        "predict_seconds": round(predict_s, 1),
        "peak_mb": round(max(peak)),
        "images": imported["added"],
        "inspected": inspected["images"],
        "p50_ms": inspected["p50_ms"],
        "precision": inspected["precision"],
        "parity": released["gate"]["fp32"]["largest"],
    }
    return [
        {
            **shared,
            "metric": metric,
            "median": round(statistics.median(values), 4),
            "low": round(min(values), 4),
            "high": round(max(values), 4),
            "draws": len(values),
        }
        for metric, values in draws.items()
        if values
    ]


def run_json(command: list[str]) -> tuple[dict[str, Any], float, float]:
    """Run a `pitmark` command; gives its JSON result, seconds, and peak memory in MB."""
    status, output, seconds, memory = measured(command)
    if status:
        sys.exit(f"{' '.join(command[2:])} failed with status {status}")
    return json.loads(output), seconds, memory


if __name__ == "__main__":
    main()
