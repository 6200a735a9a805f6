"""The demo's factory on disk: photographs, labels and metadata as a customer has them."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from pitmark.core.labels import BoxShape
from pitmark.core.progress import Progress, Reporter
from pitmark.formats.images import encode_png
from pitmark.synth.defects import KINDS
from pitmark.synth.factory import Part, Plan, plan, render
from pitmark.synth.planning import DRIFTED_LOT, LOTS

# The last lot before the lamps were exchanged; the line goes on with fresh parts of it.
LAST_LOT = LOTS[LOTS.index(DRIFTED_LOT) - 1]
# The lot comes first, so that a folder sorted by name is in the order of time.
NAME_PATTERN = "{lot}_{n}_{camera}_{finish}"


@dataclass(frozen=True, slots=True)
class Photo:
    """One photograph as written: its file name, and the truth that only the demo knows."""

    index: int
    name: str
    truth: tuple[BoxShape, ...]
    given: tuple[BoxShape, ...]
    metadata: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class DemoFactory:
    """Where the photographs are, and what is true of them.

    `photos` holds the labeled lots, `line` the production after them: first fresh parts
    of the last good lot, then the lot under the new lamps.
    """

    plan: Plan
    photos: Path
    line: Path
    labeled: tuple[Photo, ...]
    steady: tuple[Photo, ...]
    drifted: tuple[Photo, ...]


def build_factory(
    folder: Path, *, seed: int, images: int, size_wh: tuple[int, int], report: Reporter
) -> DemoFactory:
    """Render the factory and write it as a folder with COCO labels and a metadata table.

    Args:
        folder: Where to; made if needed.
        seed: The same seed gives the same bytes.
        images: About how many photographs of all lots.
        size_wh: Width and height of a photograph in pixels.
        report: Told of the progress.

    Returns:
        The factory.
    """
    whole = plan(seed, images, size_wh=size_wh)
    again = plan(seed + 1, images, size_wh=size_wh)
    shots = whole.shots
    lots = {False: "photos", True: "line"}
    todo = [(whole, s.index, lots[s.lot == DRIFTED_LOT]) for s in shots]
    fresh = [s.index for s in again.shots if s.lot == LAST_LOT]
    todo += [(again, index, "line") for index in fresh]
    for name in lots.values():
        (folder / name).mkdir(parents=True, exist_ok=True)
    written = _render_all(folder, todo, report)
    labeled = [p for (p, (_, _, where)) in zip(written, todo, strict=True) if where == "photos"]
    drifted = written[: len(shots)]
    _write_coco(folder / "photos", labeled, size_wh)
    _write_metadata(folder / "photos", labeled)
    return DemoFactory(
        plan=whole,
        photos=folder / "photos",
        line=folder / "line",
        labeled=tuple(labeled),
        steady=tuple(written[len(shots) :]),
        drifted=tuple(p for p in drifted if p.metadata["lot"] == DRIFTED_LOT),
    )


def _render_all(
    folder: Path, todo: Sequence[tuple[Plan, int, str]], report: Reporter
) -> list[Photo]:
    workers = min(4, os.cpu_count() or 1)
    out: list[Photo] = []
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for photo in pool.map(partial(_write_one, folder), todo, chunksize=8):
            out.append(photo)
            report(Progress("photograph", len(out), len(todo)))
    return out


def _write_one(folder: Path, job: tuple[Plan, int, str]) -> Photo:
    whole, index, where = job
    part = render(whole, index)
    name = _file_name(part, index)
    (folder / where / name).write_bytes(encode_png(part.image_hwc))
    truth = tuple(BoxShape(d.kind, _floats(d.box_xyxy)) for d in part.defects)
    given = tuple(BoxShape(g.kind, g.box_xyxy) for g in part.given_labels)
    return Photo(index, name, truth, given, {**part.metadata, "labeler": part.labeler})


def _file_name(part: Part, index: int) -> str:
    known = {**part.metadata, "n": f"{index:04d}"}
    return NAME_PATTERN.format(**known) + ".png"


def _floats(box: Sequence[float]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(v) for v in box)
    return x1, y1, x2, y2


def _write_coco(folder: Path, photos: Sequence[Photo], size_wh: tuple[int, int]) -> None:
    ids = {kind: n for n, kind in enumerate(KINDS, start=1)}
    boxes = [(p, s) for p in photos for s in p.given]
    content = {
        "images": [
            {"id": p.index, "file_name": p.name, "width": size_wh[0], "height": size_wh[1]}
            for p in photos
        ],
        "categories": [{"id": n, "name": kind} for kind, n in ids.items()],
        "annotations": [
            {
                "id": n,
                "image_id": p.index,
                "category_id": ids[s.label],
                "bbox": [s.box_xyxy[0], s.box_xyxy[1], *_sides(s)],
                "area": _sides(s)[0] * _sides(s)[1],
                "iscrowd": 0,
            }
            for n, (p, s) in enumerate(boxes, start=1)
        ],
    }
    (folder / "labels.json").write_text(json.dumps(content))


def _sides(shape: BoxShape) -> tuple[float, float]:
    x1, y1, x2, y2 = shape.box_xyxy
    return x2 - x1, y2 - y1


def _write_metadata(folder: Path, photos: Sequence[Photo]) -> None:
    columns = ("camera", "lot", "shift", "part", "time", "finish", "labeler")
    with (folder / "metadata.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("image", *columns))
        for photo in photos:
            writer.writerow((photo.name, *(photo.metadata[c] for c in columns)))
