"""The whole loop on a small generated factory, told in a dozen lines with figures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pitmark.core.label_book import LabelBook
from pitmark.core.progress import Reporter, silent
from pitmark.metrics.detection import coco_matches, mean_average_precision
from pitmark.metrics.paired import PairedComparison, paired_difference
from pitmark.ops.data.auditing import AuditSummary, audit
from pitmark.ops.demo.factory import NAME_PATTERN, DemoFactory, Photo, build_factory
from pitmark.ops.demo.folder import PROJECT, make_room
from pitmark.ops.demo.page import DemoScenes, DriftTrace, write_demo_page
from pitmark.ops.demo.review import (
    mislabeled,
    photos_by_sha,
    review,
    wrong_shape,
)
from pitmark.ops.images.importing import ImportOptions, import_folder
from pitmark.ops.images.snapshots import take_snapshot
from pitmark.ops.images.truth import predicted_boxes, true_boxes
from pitmark.ops.line.releasing import ReleaseResult, release
from pitmark.ops.models.inspecting import WatchOptions, name_tags, predict
from pitmark.ops.models.out_of_fold import AuditOptions
from pitmark.ops.models.train_options import TrainOptions
from pitmark.ops.models.training import held_out_predictions, in_split, train
from pitmark.ops.pages.html import findings_html
from pitmark.store.db import ProjectStore, open_store
from pitmark.store.findings import FindingRow
from pitmark.store.runs import RunRow
from pitmark.synth.planning import MISTAKEN_AS, MISTAKEN_KIND, WEAK_CAMERA, WEAK_KIND

# The person in this story looks at so many findings before the next training.
PATIENCE = 60
_FIRST = 45
_RUN_LENGTH_IMAGES = 20_000


@dataclass
class Story:
    """Collects what the demo says and its figures."""

    narrate: Callable[[str], None]
    figures: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def tell(self, line: str, **figures: Any) -> None:
        """Say one line and keep its figures.

        Args:
            line: For a person.
            **figures: For the JSON result.
        """
        self.lines.append(line)
        self.figures |= figures
        self.narrate(f"{time.monotonic() - self.started:4.0f} s  {line}")


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo found, and where its page is."""

    figures: Mapping[str, Any]
    page: Path


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """How large and how long the demo is; the defaults end within six minutes."""

    images: int = 400
    seed: int = 0
    image_steps: int = 2000
    fold_steps: int = 1100
    size_wh: tuple[int, int] = (448, 336)
    side_px: int = 288


def run_demo(
    home: Path,
    *,
    options: DemoOptions | None = None,
    narrate: Callable[[str], None],
    report: Reporter = silent,
) -> DemoResult:
    """Run the whole loop on generated casings.

    Args:
        home: A folder for the workspace; it must not exist, or be of an earlier demo.
        options: Size of the factory and of the trainings.
        narrate: Takes the story line by line.
        report: Told of the progress.

    Returns:
        The figures and the page.

    Raises:
        ConflictError: The folder holds something else.
    """
    how = options or DemoOptions()
    make_room(home)
    story = Story(narrate)
    factory = build_factory(
        home / "factory", seed=how.seed, images=how.images, size_wh=how.size_wh, report=report
    )
    with open_store(home, create=True) as store:
        project = store.create_project(PROJECT, "detection", LabelBook())
        _bring_in(project, factory, story, report)
        photos = photos_by_sha(project, factory)
        before = _train(project, how, story, report, name="before")
        summary, queue = _look_for_faults(project, how, photos, story, report)
        _tell_doubles(project, factory, photos, story)
        _tell_slices(summary, story)
        shown = findings_html(project, queue, limit=24)
        settled = review(project, queue[:PATIENCE], photos)
        story.tell(
            f"review: {settled.corrected} of {settled.looked_at} findings corrected, the rest"
            f" dismissed; {settled.suggestion_right} corrections were the suggested ones",
            reviewed=settled.looked_at,
            corrected=settled.corrected,
        )
        take_snapshot(project, note="after the review")
        after = _train(project, how, story, report, name="after")
        gain = _compare(project, before, after, photos, story)
        made = release(
            project,
            home / "casings.pitmark",
            run=after.id,
            conditions=("camera", "finish"),
            report=report,
        )
        _tell_release(made, story)
        trace = _run_line(made, factory, story)
        story.figures["seconds"] = round(time.monotonic() - story.started, 1)
        scenes = DemoScenes(before, after, shown, summary, settled, gain, trace, story.lines)
        page = write_demo_page(home / "demo.html", project, scenes)
    return DemoResult(story.figures, page)


def _bring_in(
    project: ProjectStore, factory: DemoFactory, story: Story, report: Reporter
) -> None:
    table = factory.photos / "metadata.csv"
    options = ImportOptions(metadata_csv=table, group_by=("part",))
    done = import_folder(project, factory.photos, options=options, report=report)
    planted = factory.plan
    story.tell(
        f"imported {done.found} photographs of smartphone casings ({done.format}, 3 cameras,"
        f" 5 lots), {len(planted.exact_duplicates)} of them copies; classes:"
        f" {', '.join(done.classes)}",
        images=done.added,
        found=done.found,
    )
    info = take_snapshot(project, note="as labeled")
    story.tell(
        f"snapshot {info.id[:12]}: {info.images} images, the views of one part kept together",
        snapshot=info.id,
    )


def _train(
    project: ProjectStore, how: DemoOptions, story: Story, report: Reporter, *, name: str
) -> RunRow:
    started = time.monotonic()
    options = TrainOptions(
        preset="fast", side_px=how.side_px, image_steps=how.image_steps, seed=how.seed
    )
    run = train(project, options=options, report=report)
    spent = time.monotonic() - started
    story.tell(
        f"trained {run.id} in {spent:.0f} s: mAP50 {run.metrics['mAP50']:.2f} on its test"
        " images, by the labels as they are",
        **{f"train_{name}_seconds": round(spent, 1)},
    )
    return run


def _look_for_faults(
    project: ProjectStore,
    how: DemoOptions,
    photos: Mapping[str, Photo],
    story: Story,
    report: Reporter,
) -> tuple[AuditSummary, list[FindingRow]]:
    """Audit, and count how many of the first findings on labels lead to planted ones."""
    options = AuditOptions(
        folds=3, preset="fast", image_steps=how.fold_steps, seed=how.seed, side_px=how.side_px
    )
    summary = audit(project, options=options, report=report)
    queue = list(project.findings.list(state="open", kind="wrong_class"))
    wrong = mislabeled(project, photos)
    labels = project.annotations.consensus()
    objects = sum(len(row.shapes) for row in labels.values())
    hits = {
        (r.sha256, r.shape_index)
        for r in queue[:_FIRST]
        if wrong_shape(r, labels[r.sha256].shapes, photos[r.sha256]) is not None
    }
    story.tell(
        f"audit in {summary.seconds:.0f} s: the first {_FIRST} findings of a wrong class lead"
        f" to {len(hits)} of the {len(wrong)} {MISTAKEN_KIND}s that were labeled {MISTAKEN_AS}"
        f" (by chance: {_FIRST * len(wrong) / max(objects, 1):.0f})",
        audit_seconds=round(summary.seconds, 1),
        inconsistent_planted=len(wrong),
        inconsistent_found_in_45=len(hits),
    )
    return summary, queue


def _tell_doubles(
    project: ProjectStore, factory: DemoFactory, photos: Mapping[str, Photo], story: Story
) -> None:
    """Count the planted copies and next frames among the findings on duplicates."""
    labeled = {p.index: p.name for p in factory.labeled}
    shas = {photo.name: sha for sha, photo in photos.items()}

    def planted(pairs: Iterable[tuple[int, int]]) -> list[tuple[str, str]]:
        return [(labeled[a], labeled[b]) for a, b in pairs if {a, b} <= set(labeled)]

    copies = planted(factory.plan.exact_duplicates)
    told = {
        frozenset(names)
        for sha, names in project.images.occurrences().items()
        if any(r.sha256 == sha for r in project.findings.list(state="open", kind="duplicate"))
    }
    found = sum(any(set(pair) <= names for names in told) for pair in copies)
    frames = planted(factory.plan.near_duplicates)
    splits = {i.image.sha256: i.split for i in project.snapshots.load("latest")[1]}
    kept = [splits.get(shas.get(a, "")) == splits.get(shas.get(b, "")) for a, b in frames]
    story.tell(
        f"duplicates: {found} of {len(copies)} planted copies found; {sum(kept)} of"
        f" {len(frames)} next frames of one part kept in one split",
        duplicates_planted=len(copies),
        duplicates_found=found,
        next_frames=len(frames),
        next_frames_together=sum(kept),
    )


def _tell_slices(summary: AuditSummary, story: Story) -> None:
    planted = {("camera", WEAK_CAMERA), ("class", WEAK_KIND)}
    named = next((s for s in summary.slices if planted <= set(s.rule)), None)
    if named is not None:
        line = f"weak slice found: {named.sentence()}"
    elif summary.slices:
        # Two conditions say more than one: most often that somebody labels differently.
        told = max(summary.slices, key=lambda s: len(s.rule))
        line = f"weak slice: the planted one was not singled out; {told.sentence()}"
    else:
        line = f"weak slice: {WEAK_KIND} under {WEAK_CAMERA} was not found on this little data"
    story.tell(line, weak_slice_found=named is not None)


def _compare(
    project: ProjectStore,
    before: RunRow,
    after: RunRow,
    photos: Mapping[str, Photo],
    story: Story,
) -> PairedComparison:
    """Both runs on the same test images, judged by what is really there."""
    _, images = project.snapshots.load(after.snapshot_id)
    one, other = (held_out_predictions(project, r) for r in (before, after))
    test = [i.image for i in in_split(images, "test")]
    test = [i for i in test if i.sha256 in one and i.sha256 in other]
    classes = tuple((after.inspector or {})["classes"])
    truth = [true_boxes(photos[i.sha256].truth, classes) for i in test]

    def score(predictions: Mapping[str, Any]) -> Callable[[Any], float | None]:
        found = [predicted_boxes(predictions[i.sha256]) for i in test]
        matches = coco_matches(found, truth, len(classes))
        return lambda drawn: mean_average_precision(matches, iou=0.5, drawn=drawn)

    groups = [i.group_key for i in test]
    gain = paired_difference(score(one), score(other), len(test), groups=groups)
    story.tell(
        f"before and after on {len(test)} test images, judged by the truth:"
        f" mAP50 {gain.first or 0:.3f} and {gain.second or 0:.3f};"
        f" {gain.sentence('the gain of the review')}",
        map50_before=gain.first,
        map50_after=gain.second,
        gain=gain.difference.to_json(),
    )
    return gain


def _tell_release(made: ReleaseResult, story: Story) -> None:
    gate = made.row.gate
    story.tell(
        f"release {made.row.version}: {made.size_bytes / 1e6:.1f} MB, gate passed; largest"
        f" difference between trained and exported model {gate['fp32']['largest']:.0e};"
        f" precisions: {', '.join(gate['precisions'])}",
        parity=gate["fp32"]["largest"],
        precisions=gate["precisions"],
        bundle_bytes=made.size_bytes,
    )


def _run_line(made: ReleaseResult, factory: DemoFactory, story: Story) -> DriftTrace:
    """The edge runs on parts of the last lot, then on the lot under the new lamps."""
    steady = len(factory.steady)
    evidence: list[float] = []
    alarms: list[int] = []
    sentences: list[str] = []

    def note(_: Any, state: Any) -> None:
        evidence.append(float(state.evidence))
        if state.alarm:
            alarms.append(len(evidence))
            sentences.append(state.sentence)

    options = WatchOptions(run_length_images=_RUN_LENGTH_IMAGES, tags=name_tags(NAME_PATTERN))
    done = predict(made.path, factory.line, options=options, on_image=note)
    story.tell(
        f"edge: {done.images} new images, median {done.p50_ms} ms each ({done.precision},"
        f" {done.threads} threads), no torch; {done.outcomes.get('NG', 0)} NG",
        edge_p50_ms=done.p50_ms,
        edge_precision=done.precision,
        inspected=done.images,
    )
    early = bool(alarms) and alarms[0] <= steady
    delay = alarms[0] - steady if alarms and not early else None
    if delay is not None:
        line = f"drift: alarm {delay} images after the lamps were exchanged. {sentences[0]}"
    elif early:
        line = f"drift: false alarm after {alarms[0]} images, before anything had changed"
    else:
        line = f"drift: no alarm within {done.images - steady} images of the new lamps"
    story.tell(
        f"{line} (expected run between false alarms: {_RUN_LENGTH_IMAGES} images)",
        drift_alarm=delay is not None,
        drift_delay_images=delay,
        drift_false_alarm=early,
    )
    limit = float((done.drift or {}).get("threshold", _RUN_LENGTH_IMAGES))
    return DriftTrace(np.array(evidence), limit, steady, alarms[0] if alarms else None)
