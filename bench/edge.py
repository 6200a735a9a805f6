"""A device's cold start, memory, latency and parity, on a bundle of the real network.

    python3 dev.py bench edge -- --data FOLDER --task detection --side 320

The network is trained for a moment only: speed and parity do not depend on what it knows.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.loop import PITMARK, run_json
from bench.shape import finish, gate, measured, parser, tell

FIRST = """
import sys
from pathlib import Path
from pitmark.edge.runtime import EdgeInspector
bundle, precision, threads, image, times = sys.argv[1:]
inspector = EdgeInspector.open(Path(bundle), precision=precision, threads=int(threads))
data = Path(image).read_bytes()
seen = [inspector.inspect(data).latency_ms for _ in range(int(times))]
import json
print(json.dumps(seen))
"""


def main() -> None:
    """Run the benchmark."""
    out = parser(__doc__ or "")
    out.add_argument("--task", default="detection")
    out.add_argument("--side", type=int, default=320)
    arguments = out.parse_args()
    results: list[dict[str, Any]] = []
    for data in arguments.data:
        with tempfile.TemporaryDirectory() as folder:
            results += _one(data, Path(folder), arguments)
    cold = [r["value"] for r in results if r["metric"] == "cold_start_s"]
    peak = [r["value"] for r in results if r["metric"] == "peak_mb"]
    parity = [
        r["value"] for r in results if r["metric"] == "parity" and r["precision"] == "fp32"
    ]
    gates = [
        gate(
            "import and first prediction under 1 s", max(cold, default=None), 1, at_least=False
        ),
        gate("under 200 MB", max(peak, default=None), 200, at_least=False),
        gate("fp32 parity within 1e-3", max(parity, default=None), 1e-3, at_least=False),
    ]
    finish("edge", results, gates, arguments)


def _one(data: Path, folder: Path, arguments: Any) -> list[dict[str, Any]]:
    home = ["--home", str(folder / "home"), "--json"]
    bundle = folder / "x.pitmark"
    run_json([*PITMARK, "new", "bench", "--task", arguments.task, *home])
    run_json([*PITMARK, "import", str(data), *home])
    run_json([*PITMARK, "snapshot", "--train", "20", "--val", "5", *home])
    side = ["--side", str(arguments.side), "--steps", "16"]
    run_json([*PITMARK, "train", *side, *home])
    released, _, _ = run_json([*PITMARK, "release", str(bundle), *home])
    image = max(
        (p for p in data.rglob("*") if p.suffix.lower() in (".png", ".jpg", ".bmp")),
        key=lambda p: p.stat().st_size,
    )
    results = []
    for precision in released["gate"]["precisions"]:
        for threads in (1, 2):
            results += _timed(bundle, image, precision, threads, max(arguments.seeds, 3))
        results.append(
            {
                "precision": precision,
                "metric": "parity",
                "value": released["gate"][precision]["largest"],
            }
        )
    shared = {"data": data.name, "task": arguments.task, "size": arguments.side}
    return [{**shared, **r} for r in results]


def _timed(
    bundle: Path, image: Path, precision: str, threads: int, times: int
) -> list[dict[str, Any]]:
    command = [sys.executable, "-c", FIRST, str(bundle), precision, str(threads), str(image)]
    cold, peak = [], []
    for _ in range(times):
        status, _, seconds, memory = measured([*command, "1"])
        if status:
            sys.exit("the device could not run the bundle")
        cold.append(seconds)
        peak.append(memory)
    _, output, _, _ = measured([*command, "60"])
    warm = sorted(json.loads(output)[5:])
    tell(f"{precision}, {threads} threads: first verdict after {statistics.median(cold):.2f} s")
    values = {
        "cold_start_s": round(statistics.median(cold), 3),
        "peak_mb": round(max(peak)),
        "p50_ms": round(statistics.median(warm), 2),
        "p95_ms": round(warm[int(0.95 * (len(warm) - 1))], 2),
    }
    shared = {"precision": precision, "threads": threads}
    return [{**shared, "metric": m, "value": v} for m, v in values.items()]


if __name__ == "__main__":
    main()
