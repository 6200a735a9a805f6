"""The best that labels allow: from an audit's faults, from repeated labels, in reports."""

import json

import numpy as np
import pytest

from pitmark.core.labels import BoxShape, ImageClass, mask_shape, shapes_hash
from pitmark.ops.labels.audit_record import ARTIFACT, KIND, audit_json
from pitmark.ops.labels.ceilings import ceiling_of
from pitmark.ops.labels.labeling import settle
from pitmark.ops.models.reports import evaluate
from pitmark.ops.pages.html import report_html
from pitmark.store.annotations import NewAnnotation
from pitmark.store.db import open_store
from pitmark.store.findings import NewFinding
from tests.ops.pages.test_html import read
from tests.ops.report_making import book_of, fill, freeze, judged_run, noisy_images


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "home", create=True) as opened:
        yield opened


def audited(store, task, doubts_of, count=36):
    """A project with a snapshot and an audit that doubts what `doubts_of` says."""
    project = store.create_project(f"casings {task}", task, book_of())
    fill(project, noisy_images(count))
    info = freeze(project)
    _, images = project.snapshots.load(info.id)
    doubts = doubts_of([i for i in images if i.split == "test"])
    project.findings.save(doubts, source="audit")
    keep_audit(project, info.id, doubts, images)
    return project, info.id


def keep_audit(project, snapshot_id, doubts, images):
    hashes = {i.image.sha256: shapes_hash(i.shapes) for i in images}
    run = project.runs.create(KIND, snapshot_id, {}, 0)
    blob = project.blobs.put(json.dumps(audit_json(doubts, hashes, [])).encode())
    project.runs.finish(run.id, metrics={}, inspector=None, artifacts={ARTIFACT: blob})


def relabeled(test):
    """Two images of which the class is doubted, one of them as a good one."""
    bad = [i for i in test if i.shapes[0].label != "good"]
    return [
        NewFinding("wrong_class", bad[0].image.sha256, None, 0.5, "x", (ImageClass("good"),)),
        NewFinding("wrong_class", bad[1].image.sha256, None, 0.5, "x", (ImageClass("dent"),)),
    ]


def test_doubts_of_an_audit_lower_the_ceiling_by_what_they_would_cost(store):
    project, snapshot = audited(store, "classification", relabeled)
    found = ceiling_of(project, snapshot)
    assert found["from"] == "audit"
    assert found["images"] == 12
    assert found["metrics"]["accuracy"]["value"] == pytest.approx(1 - 1 / 12)
    assert found["metrics"]["AUROC"]["value"] == pytest.approx(1 - 0.5 / 6 / 2)
    assert "within a factor of two" in found["assumes"]
    assert "accuracy 91.7 %" in found["sentence"]


def test_what_a_person_decided_replaces_the_probability(store):
    project, snapshot = audited(store, "classification", relabeled)
    for row in project.findings.list():
        settle(project, row.id, "dismiss", by="chief")
    assert ceiling_of(project, snapshot)["metrics"]["accuracy"]["value"] == 1.0


def boxes_in_doubt(test):
    bad = [i for i in test if i.shapes]
    first, second, third = bad[:3]
    label, box = first.shapes[0].label, second.shapes[0].box_xyxy
    moved = tuple(v + 1 for v in third.shapes[0].box_xyxy)
    extra = (*second.shapes, BoxShape(second.shapes[0].label, (1.0, 1.0, 9.0, 9.0)))
    assert label
    assert box
    return [
        NewFinding("spurious_object", first.image.sha256, 0, 1.0, "x", ()),
        NewFinding("missed_object", second.image.sha256, None, 1.0, "x", extra),
        NewFinding(
            "sloppy_outline",
            third.image.sha256,
            0,
            1.0,
            "x",
            (BoxShape(third.shapes[0].label, moved),),
        ),
    ]


def test_spurious_and_missed_objects_count_and_a_slightly_moved_box_does_not(store):
    project, snapshot = audited(store, "detection", boxes_in_doubt)
    found = ceiling_of(project, snapshot)["metrics"]
    assert found["recall"]["value"] == pytest.approx(5 / 6)
    assert found["precision"]["value"] == pytest.approx(5 / 6)
    assert found["mAP50"]["value"] < 1
    # One image loses its only defect: a perfect model calls it good.
    assert found["AUROC"]["value"] == pytest.approx(1 - 1 / 6 / 2)


def half_a_mask(test):
    item = next(i for i in test if i.shapes)
    mask = np.zeros((48, 64), dtype=bool)
    mask[:10, :10] = True
    return [
        NewFinding("sloppy_outline", item.image.sha256, 0, 1.0, "x",
                   (mask_shape(item.shapes[0].label, mask),))
    ]  # fmt: skip


def test_outlines_in_doubt_lower_the_overlap_of_their_class(store):
    project, snapshot = audited(store, "segmentation", half_a_mask)
    found = ceiling_of(project, snapshot)["metrics"]
    assert 0.5 < found["IoU"]["value"] < found["Dice"]["value"] < 1


def test_images_of_an_anomaly_project_have_an_auroc_and_nothing_else(store):
    def doubted(test):
        good = next(i for i in test if not i.shapes)
        return [NewFinding("image_fault", good.image.sha256, None, 0.6, "x")]

    project, snapshot = audited(store, "anomaly", doubted)
    found = ceiling_of(project, snapshot)["metrics"]
    assert set(found) == {"AUROC"}
    assert found["AUROC"]["value"] == pytest.approx(1 - 0.6 / 6 / 2)


def test_without_an_audit_of_these_labels_nothing_is_said(store):
    project = store.create_project("casings", "classification", book_of())
    records = fill(project, noisy_images(24))
    first = freeze(project)
    found = ceiling_of(project, first.id)
    assert (found["metrics"], found["from"]) == ({}, "nothing")
    assert "cannot be said" in found["sentence"]
    keep_audit(project, first.id, [], project.snapshots.load(first.id)[1])
    assert ceiling_of(project, first.id)["from"] == "audit"
    for record in records:
        shapes = (ImageClass("dent"),)
        project.annotations.add(
            record.sha256, shapes, labeler="chief", book_revision=1, review=True
        )
    assert ceiling_of(project, freeze(project).id)["from"] == "nothing"


def twice(project, second):
    """A second labeler on every image; `second` gives what they say."""
    rng = np.random.default_rng(0)
    said = [
        NewAnnotation(sha, second(row.shapes, rng), "ben", 1)
        for sha, row in project.annotations.consensus().items()
    ]
    project.annotations.add_many(said)


def another_class(shapes, rng):
    return (ImageClass("dent"),) if rng.random() < 0.2 else shapes


def drops_some(shapes, rng):
    return () if rng.random() < 0.2 else shapes


@pytest.mark.parametrize(
    ("task", "second", "metrics"),
    [
        ("classification", another_class, {"accuracy", "mean_recall", "AUROC"}),
        ("detection", drops_some, {"mAP50", "recall", "precision", "AUROC"}),
        ("segmentation", drops_some, {"IoU", "Dice", "AUROC"}),
        ("anomaly", another_class, {"AUROC"}),
    ],
)
def test_labels_given_twice_say_it_by_their_agreement(store, task, second, metrics):
    project = store.create_project("casings", task, book_of())
    fill(project, noisy_images(108))
    twice(project, second)
    info = freeze(project)
    found = ceiling_of(project, info.id)
    assert found["from"] == "repeated labels"
    assert set(found["metrics"]) == metrics
    assert "independently" in found["assumes"]
    for figure in found["metrics"].values():
        assert 0.5 < figure["low"] <= figure["value"] <= figure["high"] <= 1
        assert figure["value"] < 1


def test_every_report_shows_the_ceiling_beside_the_figures(store):
    project = store.create_project("casings", "classification", book_of())
    fill(project, noisy_images(36))
    report = judged_run(project)
    told = evaluate(project).to_json()["ceiling"]
    assert told["metrics"] == {}
    assert "cannot be said" in read(report_html(project, evaluate(project))).text
    images = project.snapshots.load(report.run.snapshot_id)[1]
    doubts = relabeled([i for i in images if i.split == "test"])
    keep_audit(project, report.run.snapshot_id, doubts, images)
    page = read(report_html(project, evaluate(project)))
    for words in ("The best that these labels allow", "this model", "at best", "91.7 %"):
        assert words in page.text
    assert "ceiling" not in json.loads(project.blobs.read(report.run.artifacts["report"]))
