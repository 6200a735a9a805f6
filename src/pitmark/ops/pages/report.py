"""The report of a run, section by section: figures, confusion, curves, mistakes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import numpy as np

from pitmark.core.inspector import InspectorSpec, counted_boxes
from pitmark.core.labels import Shape
from pitmark.core.predictions import Prediction
from pitmark.ops.models.report_words import proportion
from pitmark.ops.models.reports import Report
from pitmark.ops.models.training import held_out_predictions
from pitmark.ops.pages.charts import Marker, confusion_table, curve_svg, lines_svg
from pitmark.ops.pages.picture_cards import Drawer, card, chips, stage
from pitmark.ops.pages.report_figures import (
    all_metrics,
    ceiling_section,
    class_section,
    headline_panels,
    outcome_panels,
    verdict,
)
from pitmark.store.db import ProjectStore

MOST_MISTAKES = 24
_KINDS = {
    "escape": "Escape (missed defect)",
    "overkill": "Overkill (false alarm)",
    "wrong class": "Wrong class",
}
_PLURALS = {"escape": "escapes", "overkill": "overkill", "wrong class": "wrong classes"}
_SENTENCES = {
    "escape": "Its score {score:.2f} is below the threshold {limit:.2f}.",
    "overkill": "Its score {score:.2f} reaches the threshold {limit:.2f}.",
    "wrong class": "The verdict is right, the class is not.",
}


def report_sections(store: ProjectStore, report: Report) -> list[tuple[str, str]]:
    """All that a report has to say.

    Args:
        store: The project.
        report: Of one of its runs.

    Returns:
        Heading and HTML of each section; what a task or run does not have is left out.
    """
    content = report.content
    figures = headline_panels(content) + all_metrics(content)
    found = [
        ("Verdict", verdict(content) + outcome_panels(content)),
        ("Figures", figures),
        ("The best that these labels allow", ceiling_section(content)),
        ("Class by class", class_section(content)),
        ("What is taken for what", _confusion(content)),
        ("Curves", _curves(store, report)),
        ("What it got wrong", _mistakes(store, report)),
    ]
    return [(heading, html) for heading, html in found if html]


def about(report: Report) -> str:
    """Of what a report is, in one line.

    Args:
        report: The report.

    Returns:
        Plain text.
    """
    run, images = report.run, report.content.get("images")
    parts = [f"run {run.id}", f"snapshot {run.snapshot_id[:12]}"]
    if images:
        noun = "image" if images == 1 else "images"
        parts.append(f"judged on {images} {noun} that it has not seen")
    if report.content.get("reference", {}).get("used"):
        parts.append("each compared with its reference image")
    return ", ".join(parts)


def _confusion(content: Mapping[str, Any]) -> str:
    confusion = content.get("confusion")
    if not confusion or not confusion.get("counts"):
        return ""
    table = confusion_table(confusion["rows"], confusion["columns"], confusion["counts"])
    detection = content.get("task") == "detection"
    words = (
        "Boxes by their true class (rows) and the class that was called (columns), at the"
        " thresholds of the classes."
        if detection
        else "Images by their true class (rows) and the class that was called (columns)."
    )
    return f'<p class="pm-quiet">{words}</p><div class="pm-panel pm-fit">{table}</div>'


def _curves(store: ProjectStore, report: Report) -> str:
    content = report.content
    charts = [_operating(content), _precision_recall(content), _losses(store, report)]
    panels = "".join(
        f'<div class="pm-panel"><h3>{escape(name)}</h3>{chart}</div>'
        for name, chart in charts
        if chart
    )
    return f'<div class="pm-charts">{panels}</div>' if panels else ""


def _operating(content: Mapping[str, Any]) -> tuple[str, str]:
    curve, outcome = content.get("operating_curve") or {}, content.get("outcome") or {}
    points = [
        (p["overkill"]["value"], p["escapes"]["value"])
        for p in curve.get("points", ())
        if p["overkill"]["value"] is not None and p["escapes"]["value"] is not None
    ]
    if not points:
        return "", ""
    escapes, overkill = proportion(outcome["escapes"]), proportion(outcome["overkill"])
    marker = Marker(
        overkill.value or 0.0,
        escapes.value or 0.0,
        f"threshold {outcome['threshold']:.2f}",
        (overkill.low, overkill.high),
        (escapes.low, escapes.high),
    )
    return "Escapes against overkill, at every threshold", curve_svg(
        points,
        "overkill: good images rejected",
        "escapes: defective images missed",
        marker=marker,
    )


def _precision_recall(content: Mapping[str, Any]) -> tuple[str, str]:
    curve = (content.get("ranking") or {}).get("precision_recall")
    if not curve:
        return "", ""
    points = list(zip(curve["recall"], curve["precision"], strict=True))
    return "How many of the rejected images are defective", curve_svg(
        points,
        "defective images found (recall)",
        "rejected images that are defective (precision)",
    )


def _losses(store: ProjectStore, report: Report) -> tuple[str, str]:
    blob = report.run.artifacts.get("history")
    history = json.loads(store.blobs.read(blob)) if blob else []
    points = [(h["step"], h["loss"]) for h in history if "step" in h and "loss" in h]
    if not points:
        return "", ""
    return "Training", lines_svg({"loss": points}, "images seen", "loss")


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What the mistakes are shown with: labels of the snapshot, what the model said."""

    names: tuple[str, ...]
    labels: Mapping[str, Sequence[Shape]]
    said: Mapping[str, Prediction]


def _mistakes(store: ProjectStore, report: Report) -> str:
    rows = list(report.content.get("mistakes") or [])
    if not rows:
        judged = report.content.get("outcome")
        return '<p class="pm-quiet">Nothing: every verdict was right.</p>' if judged else ""
    chosen = by_turns(rows, MOST_MISTAKES)
    evidence = _evidence(store, report, {r["sha256"] for r in chosen})
    drawer = Drawer(store)
    limit = float(report.content["outcome"]["threshold"])
    cards = "".join(_mistake(store, drawer, row, evidence, limit) for row in chosen)
    counts = ", ".join(_count(kind, rows) for kind in _KINDS if _count(kind, rows))
    shown = f"The worst {len(chosen)} are shown. " if len(chosen) < len(rows) else ""
    return (
        f'<p class="pm-quiet">{escape(counts)}. {shown}Solid lines are labels, dashed ones'
        f' what the model says.</p><div class="pm-grid">{cards}</div>'
    )


def _count(kind: str, rows: Sequence[Mapping[str, Any]]) -> str:
    number = sum(r["kind"] == kind for r in rows)
    return f"{number} {_PLURALS[kind] if number > 1 else kind}" if number else ""


def _mistake(
    store: ProjectStore,
    drawer: Drawer,
    row: Mapping[str, Any],
    evidence: _Evidence,
    limit: float,
) -> str:
    sha256, kind = row["sha256"], row["kind"]
    shot = drawer.shot(
        store.images.get(sha256),
        evidence.labels.get(sha256, ()),
        prediction=evidence.said.get(sha256),
        classes=evidence.names,
    )
    told = _SENTENCES[kind].format(score=row["score"], limit=limit)
    words = f'<p><span class="pm-kind">{_KINDS[kind]}</span></p>'
    words += f'<p class="pm-name">{escape(row["image"])}</p><p>{told}</p>'
    words += chips(row["truth"], evidence.names) or '<p class="pm-small">labeled: nothing</p>'
    words += chips(row["predicted"], evidence.names, said=True)
    return card(stage([(shot, "")]), words)


def by_turns(rows: Sequence[Mapping[str, Any]], most: int) -> list[Mapping[str, Any]]:
    """The worst mistakes, so that no kind crowds out another.

    Args:
        rows: All mistakes, worst first within each kind.
        most: How many to take.

    Returns:
        Mistakes, kind by kind.
    """
    queues = {kind: [r for r in rows if r["kind"] == kind] for kind in _KINDS}
    taken = dict.fromkeys(_KINDS, 0)
    while sum(taken.values()) < min(most, len(rows)):
        for kind, queue in queues.items():
            if taken[kind] < len(queue) and sum(taken.values()) < most:
                taken[kind] += 1
    return [row for kind, queue in queues.items() for row in queue[: taken[kind]]]


def _evidence(store: ProjectStore, report: Report, wanted: set[str]) -> _Evidence:
    run = report.run
    _, images = store.snapshots.load(run.snapshot_id)
    labels = {i.image.sha256: i.shapes or () for i in images if i.image.sha256 in wanted}
    book = store.book.current().names
    if run.inspector is None or store.runs.predictions(run.id, "held-out") is None:
        return _Evidence(book, labels, {})
    spec = InspectorSpec.from_json(run.inspector)
    names = (*book, *(c for c in spec.classes if c not in book))
    predictions = held_out_predictions(store, run)
    said = {
        sha: in_order(counted_boxes(predictions[sha], spec), spec, names)
        for sha in wanted & predictions.keys()
    }
    return _Evidence(names, labels, said)


def in_order(prediction: Prediction, spec: InspectorSpec, names: Sequence[str]) -> Prediction:
    """A prediction with its classes numbered as in the label book.

    Colors follow the label book, and a model may know fewer classes in another order.

    Args:
        prediction: Of the model.
        spec: Of the same model.
        names: All classes; holds those of the model.

    Returns:
        The prediction; the one map of an anomaly model stays as it is.
    """
    if spec.task == "anomaly":
        return prediction
    place = np.array([list(names).index(c) for c in spec.classes], dtype=np.int64)
    probs, maps = prediction.class_probs, prediction.maps_khw
    if probs is not None:
        spread = np.zeros(len(names), dtype=np.float32)
        spread[place] = probs
        probs = spread
    if maps is not None:
        planes = np.zeros((len(names), *maps.shape[1:]), dtype=np.float16)
        planes[place] = maps
        maps = planes
    return replace(
        prediction,
        box_classes=place[prediction.box_classes],
        class_probs=probs,
        maps_khw=maps,
    )
