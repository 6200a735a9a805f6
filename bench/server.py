"""The gallery with a million images, and how fast pictures come in.

    python3 dev.py bench server -- --images 1000000 --jpegs 10000

Gallery: pages and facets over generated rows, asked as the web app asks, each question in
several variations and some right after somebody saved labels; beside it the same
questions as SQL on the same tables. Import: JPEGs brought into a project, beside one thread
that only decodes them.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bench.server_rows import make_project
from bench.shape import finish, gate, measured, parser, tell
from pitmark.core.label_book import LabelBook
from pitmark.formats.images import decode_image
from pitmark.ops.importing import import_folder
from pitmark.store.db import open_store

_SIDE_WH = (1280, 960)
# Different pictures; the rest are these with other bytes at their end.
_PICTURES = 50


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
    status, output, _, peak_mb = measured(command)
    if status:
        sys.exit(f"the questions ended with {status}")
    found: list[dict[str, Any]] = json.loads(output)
    found.append({"query": "gallery", "metric": "peak_mb", "value": round(peak_mb)})
    return [{"rows": arguments.images, **one} for one in found]


def _import(count: int, folder: Path) -> list[dict[str, Any]]:
    pictures = folder / "pictures"
    _draw(pictures, count)
    started = time.perf_counter()
    for path in sorted(pictures.iterdir()):
        decode_image(path.read_bytes(), name=path.name)
    plain = count / (time.perf_counter() - started)
    tell(f"decoded {plain:.0f} a second")
    with open_store(folder / "imported", create=True) as store:
        project = store.create_project("line", "detection", LabelBook())
        started = time.perf_counter()
        summary = import_folder(project, pictures)
        rate = count / (time.perf_counter() - started)
        assert summary.added == count, summary.problems[:3]
    tell(f"imported {rate:.0f} a second")
    about = {"query": "import", "rows": count, "size_wh": list(_SIDE_WH)}
    return [
        {**about, "metric": "images_per_s", "value": round(rate, 1)},
        {**about, "metric": "decoded_per_s", "value": round(plain, 1)},
    ]


def _draw(folder: Path, count: int) -> None:
    folder.mkdir()
    rng = np.random.default_rng(0)
    made = []
    for _ in range(min(count, _PICTURES)):
        small = rng.integers(60, 200, (_SIDE_WH[1] // 8, _SIDE_WH[0] // 8, 3), dtype=np.uint8)
        path = folder / "made.jpg"
        Image.fromarray(small).resize(_SIDE_WH, Image.Resampling.BICUBIC).save(path, quality=88)
        made.append(path.read_bytes())
        path.unlink()
    for n in range(count):
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
    if ("import", "images_per_s") in held:
        share = held["import", "images_per_s"] / held["import", "decoded_per_s"]
        name = "import at half the rate of one decoding thread or more"
        out.append(gate(name, round(share, 2), 0.5, at_least=True))
    return out


if __name__ == "__main__":
    main()
