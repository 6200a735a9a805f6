"""The page of the demo: what happened, with pictures, curves and findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pitmark.core.records import ImageRecord
from pitmark.metrics.paired import PairedComparison
from pitmark.ops.data.auditing import AuditSummary
from pitmark.ops.demo.review import Review
from pitmark.ops.images.text_file import write_text
from pitmark.ops.models.reports import history, report_of
from pitmark.ops.pages.charts import lines_svg
from pitmark.ops.pages.html import images_html, page
from pitmark.ops.pages.report import report_sections
from pitmark.store.db import ProjectStore
from pitmark.store.runs import RunRow


@dataclass(frozen=True, slots=True)
class DriftTrace:
    """How the evidence for drift rose along the line.

    `changed_at` is the number of images before the change, `alarm_at` that at the alarm.
    """

    evidence: NDArray[np.float64]
    threshold: float
    changed_at: int
    alarm_at: int | None


@dataclass(frozen=True, slots=True)
class DemoScenes:
    """Everything the page shows; `findings` is HTML made before they were settled."""

    before: RunRow
    after: RunRow
    findings: str
    audit: AuditSummary
    review: Review
    gain: PairedComparison
    drift: DriftTrace
    lines: Sequence[str]


def write_demo_page(path: Path, project: ProjectStore, scenes: DemoScenes) -> Path:
    """Write the page of the demo.

    Args:
        path: The file.
        project: The demo's project.
        scenes: What happened.

    Returns:
        The file.
    """
    lead = (
        "A small factory of smartphone casings, generated, with faults planted in its labels"
        " and its light. Everything below was measured in this run."
    )
    parts = [
        ("What happened", _story(scenes.lines)),
        ("Some of the images", images_html(project, _sample(project), limit=12)),
        ("Findings on labels, as they were queued", scenes.findings),
        ("Weak slices", _slices(scenes.audit)),
        ("Before and after the review", _gain(project, scenes)),
        ("Drift on the line", _drift(scenes.drift)),
    ]
    report = report_of(project, scenes.after)
    parts += [(f"Report: {name}", html) for name, html in report_sections(project, report)]
    write_text(path, page("Pitmark demo: the loop on smartphone casings", parts, lead))
    return path


def _story(lines: Sequence[str]) -> str:
    return "<ol>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ol>"


def _sample(project: ProjectStore) -> list[ImageRecord]:
    """Images with something on them, spread over the lots."""
    labels = project.annotations.consensus()
    marked = [r for r in project.images.all() if labels[r.sha256].shapes]
    return marked[:: max(1, len(marked) // 12)]


def _slices(audit: AuditSummary) -> str:
    if not audit.slices:
        return "<p>No slice fails clearly more often than the rest.</p>"
    rows = "".join(
        f"<li>{escape(s.sentence())}; share of false discoveries {s.q_value:.2g}</li>"
        for s in audit.slices[:6]
    )
    return f"<ul>{rows}</ul>"


def _gain(project: ProjectStore, scenes: DemoScenes) -> str:
    curves = {
        name: [(float(p["step"]), float(p["loss"])) for p in history(project, run)]
        for name, run in (("before", scenes.before), ("after", scenes.after))
    }
    told = scenes.gain.sentence("mAP50 judged by the truth")
    done = scenes.review
    words = (
        f"{done.corrected} labels corrected among {done.looked_at} findings looked at."
        f" {told}, on the same test images."
    )
    return f"<p>{escape(words)}</p>{lines_svg(curves, 'image-steps', 'loss')}"


def _drift(trace: DriftTrace) -> str:
    points = [(float(n), float(v)) for n, v in enumerate(trace.evidence, start=1)]
    shifts = {"new lamps": float(trace.changed_at)}
    if trace.alarm_at is not None:
        shifts["alarm raised"] = float(trace.alarm_at)
    return lines_svg(
        {"evidence": points},
        "images on the line",
        "evidence",
        levels={"alarm": trace.threshold},
        shifts=shifts,
        log=True,
    )
