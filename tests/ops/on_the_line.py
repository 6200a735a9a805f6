"""A project whose first release runs on a device, and what the device sends."""

import io
from datetime import UTC, datetime, timedelta

import numpy as np
from PIL import Image

from pitmark.core.label_book import LabelBook
from pitmark.core.labels import BoxShape
from pitmark.edge.runtime import EdgeInspector
from pitmark.ops.images.importing import import_folder
from pitmark.ops.images.snapshots import take_snapshot
from pitmark.ops.labels.labeling import settle
from pitmark.ops.line.feedback_queue import KIND
from pitmark.ops.line.releasing import release
from pitmark.ops.models.train_options import TrainOptions
from pitmark.ops.models.training import train
from pitmark.store.db import open_store
from pitmark.store.events import EventRow
from tests.ops.toys import part, yolo_folder

LEARN = TrainOptions(preset="fast", image_steps=200, side_px=64, threads=1)
NIGHT = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)


def part_file(index, *, light=1.0):
    """A part as the camera sees it: the bytes of a PNG, and the box of its dent or None."""
    pixels, box = part(index, defect=index % 2 == 1)
    shown = np.clip(pixels * light, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(shown).save(file, "PNG")
    return file.getvalue(), box


def send(project, indices, *, light=1.0, alarm=False, device="press-3", start=NIGHT, **facts):
    """Let a device inspect parts with the newest release and send all that it sees."""
    release = project.releases.get()
    inspector = EdgeInspector.open(
        project.blobs.read(release.bundle_sha), precision="fp32", threads=1
    )
    rows = []
    for place, index in enumerate(indices):
        data, _ = part_file(index, light=light)
        verdict = inspector.inspect(data).verdict
        told = {
            "point": "top",
            "tags": {"camera": f"cam{index % 2}", "part": f"P{index}"},
            "drift": {"alarm": alarm, "sentence": ""},
            **facts,
        }
        rows.append(
            EventRow(
                key=f"{device}-{start:%H%M}-{index}",
                at=start + timedelta(seconds=place),
                verdict=verdict.outcome,
                score=verdict.score,
                name=f"part{index}.png",
                device=device,
                release=release.version,
                sha256=project.blobs.put(data),
                facts=told,
            )
        )
    project.events.add_many(rows)
    return rows


def answer(project, *, by="olga", most=None):
    """Answer what waits by what is true; gives how many were answered."""
    rows = project.findings.list(state="open", kind=KIND)[:most]
    for row in rows:
        index = int(project.images.get(row.sha256).name.removeprefix("part").split(".")[0])
        _, box = part_file(index)
        shapes = () if box is None else (BoxShape("dent", tuple(map(float, box))),)
        settle(project, row.id, "correct", by=by, shapes=shapes)
    return len(rows)


def make_line(home, folder):
    """A workspace with the project "parts", trained and released once."""
    with open_store(home, create=True) as store:
        project = store.create_project("parts", "detection", LabelBook())
        import_folder(project, yolo_folder(folder / "in", count=40))
        take_snapshot(project)
        train(project, options=LEARN)
        release(project, folder / "v1.pitmark", int8=False)
    return home
