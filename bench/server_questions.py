"""Asks a gallery what the web app asks; a process of its own, so that its memory is known."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from bench.server_rows import CLASSES, PROJECT
from bench.shape import tell
from pitmark.core.labels import BoxShape
from pitmark.ops.images.gallery import Gallery
from pitmark.ops.labels.saving import LabelSaver, LabelsToSave
from pitmark.store.db import open_store

# Milliseconds on the clock, and of computing: other work on the machine is in the first only.
Took = tuple[float, float]
_TIMES = 12
_PAGES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("", {}),
    ("", {"offset": 3_000}),
    ("", {"offset": 400_000, "sort": "added"}),
    ("", {"sort": "uncertainty", "descending": True}),
    ("class = {class}", {}),
    ("class = {class} and split = val", {"sort": "finding_score", "descending": True}),
    ("labeled = no and meta.camera = cam{digit}", {"sort": "meta.temperature"}),
    ("meta.temperature >= 2{digit} and labeled = yes", {"sort": "meta.temperature"}),
    ("meta.lot in (L00{digit}1{digit}, L001{digit}2)", {}),
    ('name has "cam{digit}/part_00{digit}"', {}),
    ("right = no", {"sort": "uncertainty"}),
    ('finding = "missing label" and class != {class}', {"sort": "class"}),
    ("labeler in (ann, bob) and group has 00{digit}", {"sort": "width", "descending": True}),
)
_FACETS = (
    "",
    "class = {class}",
    "class = {class} and split = val",
    "labeled = yes and meta.temperature >= 2{digit}",
    "meta.camera = cam{digit}",
    "finding != duplicate",
)
# The same as SQL where SQL can say it: the newest label of an image, whoever said it.
_SQL_PAGES = {
    "by name": (
        "SELECT sha256, name FROM images WHERE organisation_id = 'local' AND project_id = ?"
        " ORDER BY name, id LIMIT 100 OFFSET 3000"
    ),
    "by class and split": (
        "SELECT i.sha256, i.name FROM images i"
        " JOIN snapshot_items s ON s.image_id = i.id AND s.split = 'val'"
        " JOIN annotations a ON a.image_id = i.id AND a.organisation_id = 'local'"
        ' AND a.project_id = i.project_id AND a.shapes LIKE \'%"label":"dent"%\''
        " WHERE i.organisation_id = 'local' AND i.project_id = ? ORDER BY i.name LIMIT 100"
    ),
    "by metadata": (
        "SELECT sha256, name FROM images WHERE organisation_id = 'local' AND project_id = ?"
        " AND json_extract(metadata, '$.temperature') >= 25"
        " ORDER BY json_extract(metadata, '$.temperature') LIMIT 100"
    ),
}
_SQL_FACETS = {
    "split": "SELECT split, count(*) FROM snapshot_items WHERE project_id = ? GROUP BY split",
    "camera": (
        "SELECT json_extract(metadata, '$.camera'), count(*) FROM images"
        " WHERE project_id = ? GROUP BY 1"
    ),
    "class": (
        "SELECT json_extract(s.value, '$.label'), count(DISTINCT a.image_id)"
        " FROM annotations a, json_each(a.shapes) s WHERE a.project_id = ? GROUP BY 1"
    ),
}


def main() -> None:
    """Print the results as JSON."""
    home = Path(sys.argv[1])
    results: list[dict[str, Any]] = []
    with open_store(home) as store:
        project = store.project(PROJECT)
        before = _resident_mb()
        gallery, saver = Gallery(project), LabelSaver(project)
        read_s, cpu_s = _timed(gallery.page), time.process_time()
        tell(f"read in {read_s:.1f} s, {cpu_s:.1f} s of them computing")
        held = _resident_mb() - before
        results += [
            {"query": "gallery", "metric": "read_s", "value": round(read_s, 1)},
            {"query": "gallery", "metric": "read_cpu_s", "value": round(cpu_s, 1)},
            {"query": "gallery", "metric": "held_mb", "value": round(held)},
        ]
        pages = _asked(lambda f, h: gallery.page(f, **h), list(_PAGES))
        results += _figures("gallery", pages)
        facets = _asked(lambda f, _: gallery.facets(f), [(f, {}) for f in _FACETS])
        results += _figures("facets", facets)
        shas = [c.sha256 for c in gallery.page(limit=60).cards]
        results += _figures("gallery after a save", _after_saves(gallery, saver, shas))
        key = project.info.id
    results += _sql(home, key)
    print(json.dumps(results))


def _asked(
    ask: Callable[[str, dict[str, Any]], object], questions: list[tuple[str, dict[str, Any]]]
) -> list[Took]:
    """What each question took in variations."""
    classes, out = cycle(CLASSES), []
    for turn in range(_TIMES):
        for words, how in questions:
            said = words.replace("{class}", json.dumps(next(classes)))
            said = said.replace("{digit}", str(turn % 4))
            out.append(_took(lambda s=said, h=how: ask(s, h)))
    return out


def _after_saves(gallery: Gallery, saver: LabelSaver, shas: list[str]) -> list[Took]:
    out = []
    for n, sha in enumerate(shas):
        shape = BoxShape(CLASSES[n % len(CLASSES)], (1.0, 1.0, 9.0 + n, 9.0))
        saver.save(LabelsToSave(sha, (shape,), "bench"))
        words = "labeled = yes and class = dent"
        out.append(_took(lambda w=words: gallery.page(w, sort="name")))
    return out


def _figures(query: str, took: list[Took]) -> list[dict[str, Any]]:
    wall, cpu = np.array(took).T
    found = {
        "p50_ms": np.percentile(wall, 50),
        "p95_ms": np.percentile(wall, 95),
        "worst_ms": wall.max(),
        "cpu_p95_ms": np.percentile(cpu, 95),
    }
    found = {metric: round(float(value), 1) for metric, value in found.items()}
    tell(f"{query}: {found}")
    return [
        {"query": query, "metric": metric, "value": value, "asked": len(took)}
        for metric, value in found.items()
    ]


def _sql(home: Path, key: int) -> list[dict[str, Any]]:
    out = []
    with sqlite3.connect(home / "pitmark.db") as connection:
        for query, asked in (("gallery in SQL", _SQL_PAGES), ("facet in SQL", _SQL_FACETS)):
            for what, text in asked.items():
                took = _timed(lambda t=text: connection.execute(t, (key,)).fetchall())
                tell(f"{query}, {what}: {1000 * took:.0f} ms")
                out.append(
                    {"query": query, "of": what, "metric": "ms", "value": round(1000 * took, 1)}
                )
    connection.close()
    return out


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _took(work: Callable[[], object]) -> Took:
    began = time.thread_time()
    wall_s = _timed(work)
    return 1000 * wall_s, 1000 * (time.thread_time() - began)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
