"""Small real projects with a judged run, for everything that shows them."""

import hashlib
import json

import numpy as np

from pitmark.core.inspector import InspectorSpec
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import BoxShape, ImageClass, mask_shape, shape_box, shapes_hash
from pitmark.core.predictions import Prediction, predictions_to_bytes
from pitmark.core.preprocess import PreprocessSpec
from pitmark.core.records import ImageRecord, Snapshot, SnapshotItem
from pitmark.formats.images import encode_png
from pitmark.ops.models.evaluating import Costs, choose_thresholds, evaluate_predictions
from pitmark.ops.models.reports import Report
from pitmark.ops.models.training import in_split

DEFECTS = ("scratch", "dent", "pit mark")


def noisy_images(count, seed=0, size_wh=(64, 48)):
    """Gray noise with a bright square where a defect is: pixels and box (or None)."""
    rng = np.random.default_rng(seed)
    width, height = size_wh
    for index in range(count):
        pixels = rng.integers(90, 130, (height, width, 3), dtype=np.uint8)
        box = None
        if index % 2:
            x, y = int(rng.integers(0, width - 12)), int(rng.integers(0, height - 12))
            pixels[y : y + 10, x : x + 10] = 220
            box = (float(x), float(y), float(x + 10), float(y + 10))
        yield pixels, box


def labels_for(task, box, kind, size_wh):
    if task == "classification":
        return (ImageClass(kind if box else "good"),)
    if box is None:
        return ()
    if task == "segmentation":
        mask = np.zeros(size_wh[::-1], dtype=bool)
        x1, y1, x2, y2 = (int(v) for v in box)
        mask[y1:y2, x1:x2] = True
        return (mask_shape(kind, mask),)
    return (BoxShape(kind, box),)


def fill(project, images, *, kinds=DEFECTS, names=None, metadata=None):
    """Add images with labels; every other one has a defect. Gives the records."""
    revision = project.book.current().revision
    records = []
    for index, (pixels, box) in enumerate(images):
        data = encode_png(pixels)
        height, width = pixels.shape[:2]
        record = ImageRecord(
            hashlib.sha256(data).hexdigest(),
            width,
            height,
            "RGB" if pixels.ndim == 3 else "L",
            names[index] if names else f"part_{index:03d}.png",
            metadata or {"camera": f"cam{index % 3}", "lot": 4700 + index // 8},
        )
        project.blobs.put(data)
        project.images.add(record, source="test")
        shapes = labels_for(project.task, box, kinds[index % len(kinds)], (width, height))
        project.annotations.add(record.sha256, shapes, labeler="anna", book_revision=revision)
        records.append(record)
    return records


def freeze(project):
    """A snapshot of everything: a third each for train, val and test."""
    held = project.annotations.consensus()
    splits = ("train", "val", "test")
    shas = [r.sha256 for r in project.images.all() if r.sha256 in held]
    items = [
        SnapshotItem(sha, shapes_hash(held[sha].shapes), splits[n // 2 % 3])
        for n, sha in enumerate(shas)
    ]
    snapshot = Snapshot.of(items, project.book.current().names)
    ids = {sha: held[sha].id for sha in shas}
    return project.snapshots.save(snapshot, ids, book_revision=project.book.current().revision)


def guess(task, item, classes, rng):
    """What a middling model says: mostly right, with some noise."""
    width, height = item.image.size_wh
    shapes = [s for s in item.shapes or () if s.label in classes and s.label != "good"]
    bad = bool(shapes) or (task == "anomaly" and bool(item.shapes))
    score = float(np.clip(rng.normal(0.7 if bad else 0.3, 0.3), 0.01, 0.99))
    said = {"size_wh": (width, height), "score": score, "embedding": np.zeros(4, np.float32)}
    if task == "classification":
        probs = rng.random(len(classes)).astype(np.float32) * 0.5
        probs[classes.index(item.shapes[0].label)] += 0.8
        return Prediction(**said, class_probs=probs / probs.sum())
    if task == "detection":
        boxes = [np.array(shape_box(s)) + rng.normal(0, 1.5, 4) for s in shapes]
        known = [classes.index(s.label) for s in shapes]
        if rng.random() < 0.3:
            boxes.append(np.array([4.0, 4.0, 20.0, 16.0]))
            known.append(int(rng.integers(len(classes))))
        scores = np.sort(rng.uniform(0.3, 0.98, len(boxes)))[::-1]
        return Prediction(
            **said,
            boxes_xyxy=np.array(boxes, np.float32).reshape(-1, 4),
            box_scores=scores.astype(np.float32),
            box_classes=np.array(known, np.int64),
        )
    planes = 1 if task == "anomaly" else len(classes)
    maps = rng.random((planes, 24, 32)).astype(np.float16) * np.float16(0.2)
    for shape in item.shapes or ():
        x1, y1, x2, y2 = shape_box(shape)
        rows = slice(int(y1 / height * 24), int(np.ceil(y2 / height * 24)))
        columns = slice(int(x1 / width * 32), int(np.ceil(x2 / width * 32)))
        plane = 0 if task == "anomaly" else classes.index(shape.label)
        maps[plane, rows, columns] = score
    return Prediction(**said, maps_khw=maps)


def judged_run(project, *, seed=0, keep=lambda item: True):
    """A finished run with the real evaluation of made-up predictions."""
    info = freeze(project)
    _, images = project.snapshots.load(info.id)
    book, task = project.book.current(), project.task
    classes = {
        "classification": book.names,
        "anomaly": ("anomaly",),
    }.get(task, tuple(n for n in book.names if n != "good"))
    good = tuple(c for c in classes if c == "good")
    spec = InspectorSpec(task, classes, PreprocessSpec((64, 64)), good=good)
    rng = np.random.default_rng(seed)
    held_out = [i for i in images if i.split != "train" and keep(i)]
    said = {i.image.sha256: guess(task, i, list(classes), rng) for i in held_out}
    spec, choice = choose_thresholds(
        spec, in_split(held_out, "val"), said, book=book, costs=Costs()
    )
    test = in_split(held_out, "test")
    outcome = {"metrics": {}, "note": "the test split is empty: nothing was evaluated"}
    if test:
        outcome = evaluate_predictions(spec, test, said, book=book).to_json()
    content = {**outcome, "choice": choice}
    run = project.runs.create("train", info.id, {}, seed)
    history = [
        {"step": 64 * n, "loss": 2.0 / (1 + n / 9) + 0.1 * rng.random()} for n in range(60)
    ]
    project.runs.save_predictions(
        run.id, info.id, "held-out", project.blobs.put(predictions_to_bytes(said))
    )
    row = project.runs.finish(
        run.id,
        metrics=outcome["metrics"],
        inspector=spec.to_json(),
        artifacts={
            "report": project.blobs.put(json.dumps(content).encode()),
            "history": project.blobs.put(json.dumps(history).encode()),
        },
    )
    return Report(project.info.name, row, json.loads(json.dumps(content)))


def book_of(names=("good", *DEFECTS)):
    return LabelBook().with_classes(names)
