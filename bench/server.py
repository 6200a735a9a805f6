"""The gallery with a million images, and how fast pictures come in.

    python3 dev.py bench server -- --images 1000000 --jpegs 10000

Gallery: pages and facets over generated rows, asked as the web app asks, each question in
several variations and some right after somebody saved labels; beside it the same
questions as SQL on the same tables. Import: JPEGs brought into a project, and by turns with it
decoding alone on all cores and on one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bench.calibration import Calibrated, calibrated
from bench.server_rows import make_project
from bench.shape import finish, gate, measured, parser, tell
from pitmark.core.label_book import LabelBook
from pitmark.formats.images import decode_image
from pitmark.ops.images.importing import import_folder
from pitmark.store.db import ProjectStore, open_store

_SIDE_WH = (1280, 960)
# Different pictures; the rest are these with other bytes at their end.
_PICTURES = 50
# Turns of decoding and importing.
_PARTS = 10


def main() -> None:
    """Run the benchmark."""
    arguments = _arguments()
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        if arguments.images:
            results += _gallery(arguments, Path(folder))
        if arguments.jpegs:
            results += _import(arguments.jpegs, Path(folder))
    finish("server", results, _gates(results), arguments)


def _arguments() -> argparse.Namespace:
    out = parser(__doc__ or "")
    out.add_argument("--images", type=int, default=1_000_000, help="rows; 0 leaves it out")
    out.add_argument("--jpegs", type=int, default=0, help="pictures to import; 0 leaves it out")
    out.add_argument("--home", type=Path, help="keep the generated workspace here, or use it")
    return out.parse_args()


def _gallery(arguments: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    home = arguments.home or folder / "home"
    if not (home / "pitmark.db").exists():
        started = time.perf_counter()
        make_project(home, arguments.images)
        tell(f"{arguments.images} rows made in {time.perf_counter() - started:.0f} s")
    command = [sys.executable, "-m", "bench.server_questions", str(home)]
    (status, output, _, peak_mb), machine = calibrated(lambda: measured(command))
    if status:
        sys.exit(f"the questions ended with {status}")
    found: list[dict[str, Any]] = json.loads(output)
    found.append({"query": "gallery", "metric": "peak_mb", "value": round(peak_mb)})
    return [{"rows": arguments.images, **one, **_beside(machine, one)} for one in found]


def _beside(machine: Calibrated, one: Mapping[str, Any]) -> dict[str, Any]:
    return machine.beside(one["value"]) if str(one["metric"]).endswith("ms") else {}


def _import(count: int, folder: Path) -> list[dict[str, Any]]:
    """Decoding alone and importing by turns, so that both meet the same machine."""
    parts = min(_PARTS, count)
    folders = [folder / f"pictures{n}" for n in range(parts)]
    for number, pictures in enumerate(folders):
        _draw(pictures, range(number, count, parts))
    took: dict[str, list[float]] = {"one thread": [], "all cores": [], "import": []}
    with open_store(folder / "imported", create=True) as store:
        project = store.create_project("line", "detection", LabelBook())
        for pictures in folders:
            here = sorted(pictures.iterdir())
            for name, act in (
                ("one thread", lambda p=here: _decode_all(p, 1)),
                ("all cores", lambda p=here: _decode_all(p, os.cpu_count() or 1)),
                ("import", lambda p=pictures: _import_one(project, p)),
            ):
                started = time.perf_counter()
                act()
                took[name].append(time.perf_counter() - started)
        assert project.images.count() == count
    about = {"query": "import", "rows": count, "size_wh": list(_SIDE_WH)}
    rates = {name: count / sum(seconds) for name, seconds in took.items()}
    shares = [d / i for d, i in zip(took["all cores"], took["import"], strict=True)]
    figures = {
        "images_per_s": rates["import"],
        "decoded_per_s": rates["all cores"],
        "decoded_by_one_thread_per_s": rates["one thread"],
        "share_of_decoding": statistics.median(shares),
    }
    tell(", ".join(f"{name}: {value:.2f}" for name, value in figures.items()))
    return [{**about, "metric": n, "value": round(v, 2)} for n, v in figures.items()]


def _decode_all(paths: list[Path], threads: int) -> None:
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(lambda p: decode_image(p.read_bytes(), name=p.name), paths):
            pass


def _import_one(project: ProjectStore, folder: Path) -> None:
    summary = import_folder(project, folder)
    assert not summary.problems, summary.problems[:3]


def _draw(folder: Path, numbers: range) -> None:
    folder.mkdir()
    count = len(numbers)
    rng = np.random.default_rng(0)
    made = []
    for _ in range(min(count, _PICTURES)):
        small = rng.integers(60, 200, (_SIDE_WH[1] // 8, _SIDE_WH[0] // 8, 3), dtype=np.uint8)
        path = folder / "made.jpg"
        Image.fromarray(small).resize(_SIDE_WH, Image.Resampling.BICUBIC).save(path, quality=88)
        made.append(path.read_bytes())
        path.unlink()
    for n in numbers:
        (folder / f"part_{n:06d}.jpg").write_bytes(made[n % len(made)] + n.to_bytes(8, "big"))


def _gates(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    held = {(r["query"], r["metric"]): r["value"] for r in results}
    out = []
    for (query, metric), name, target in (
        (("gallery", "p95_ms"), "page of the gallery, p95 under 50 ms", 50),
        (("facets", "p95_ms"), "facet counts, p95 under 300 ms", 300),
        (("gallery", "read_s"), "gallery read within 30 s", 30),
        (("gallery", "held_mb"), "gallery holds under 1,000 MB", 1000),
    ):
        if (query, metric) in held:
            out.append(gate(name, held[query, metric], target, at_least=False))
    if ("import", "share_of_decoding") in held:
        name = "import at half the rate of decoding on all cores or more"
        out.append(gate(name, held["import", "share_of_decoding"], 0.5, at_least=True))
    return out


if __name__ == "__main__":
    main()
