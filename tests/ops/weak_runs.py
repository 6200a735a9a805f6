"""A project whose run fails on one camera alone."""

import numpy as np

from pitmark.core.inspector import InspectorSpec
from pitmark.core.predictions import Prediction, predictions_to_bytes
from pitmark.core.preprocess import PreprocessSpec
from tests.ops.report_making import book_of, fill, freeze, guess, noisy_images

WEAK = "cam1"


def weak_run(store, task, *, count=132):
    """A finished run that fails on most defects that camera cam1 saw, and on few others."""
    project = store.create_project(f"casings {task}", task, book_of())
    # One class of defects: cameras and classes must not go together.
    fill(project, noisy_images(count, size_wh=(40, 32)), kinds=("dent",))
    info = freeze(project)
    _, images = project.snapshots.load(info.id)
    classes = project.book.current().names
    if task != "classification":
        classes = tuple(n for n in classes if n != "good")
    classes = ("anomaly",) if task == "anomaly" else classes
    good = tuple(c for c in classes if c == "good")
    spec = InspectorSpec(
        task,
        classes,
        PreprocessSpec((64, 64)),
        good=good,
        box_thresholds=(0.2,) * len(classes) * (task == "detection"),
    )
    rng = np.random.default_rng(0)
    said = {}
    for item in images:
        told = guess(task, item, list(classes), rng)
        weak = item.image.metadata["camera"] == WEAK
        wrong = rng.random() < (0.75 if weak else 0.08)
        said[item.image.sha256] = _answer(told, task, item, wrong=wrong)
    run = project.runs.create("train", info.id, {}, 0)
    blob = project.blobs.put(predictions_to_bytes(said))
    project.runs.save_predictions(run.id, info.id, "held-out", blob)
    project.runs.finish(run.id, metrics={}, inspector=spec.to_json(), artifacts={})
    return project


def _answer(told, task, item, *, wrong):
    bad = any(s.label != "good" for s in item.shapes)
    score = 0.9 if bad != wrong else 0.1
    if task == "classification":
        probs = np.roll(told.class_probs, 1) if wrong else told.class_probs
        return Prediction(told.size_wh, score, class_probs=probs)
    if task == "detection" and wrong:
        return Prediction(told.size_wh, score)
    return Prediction(
        told.size_wh,
        score,
        boxes_xyxy=told.boxes_xyxy,
        box_scores=told.box_scores,
        box_classes=told.box_classes,
        maps_khw=told.maps_khw,
    )
