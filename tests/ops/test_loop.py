"""The loop on small parts: train, judge, audit, settle, release, inspect, watch drift."""

import json
import threading

import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.label_book import ClassEntry, LabelBook, NumericRule
from pitmark.core.labels import BoxShape, ImageClass
from pitmark.edge.bundle_file import read_bundle
from pitmark.edge.runtime import EdgeInspector
from pitmark.ops.data.auditing import audit
from pitmark.ops.images.exporting import export_folder
from pitmark.ops.images.importing import ImportOptions, import_folder
from pitmark.ops.images.pixels import pixel_loader
from pitmark.ops.images.snapshots import SplitPlan, take_snapshot
from pitmark.ops.labels.labeling import annotate, save_label_book, settle
from pitmark.ops.line.releasing import release
from pitmark.ops.models.evaluating import Costs
from pitmark.ops.models.inspecting import WatchOptions, name_tags, predict, watch
from pitmark.ops.models.reports import compare_runs, evaluate
from pitmark.ops.models.train_options import TrainOptions
from pitmark.ops.models.training import load_model, train
from pitmark.store.db import open_store
from tests.ops.toys import QUICK, QUICK_AUDIT, class_folder, mask_folder, yolo_folder

TASKS = {
    "classification": class_folder,
    "detection": yolo_folder,
    "segmentation": mask_folder,
    "anomaly": mask_folder,
}


@pytest.fixture(scope="module", params=sorted(TASKS))
def trained(request, tmp_path_factory):
    """A project of each task with one trained run."""
    root = tmp_path_factory.mktemp(request.param)
    with open_store(root / "home", create=True) as store:
        project = store.create_project("parts", request.param, LabelBook())
        import_folder(project, TASKS[request.param](root / "in", count=30))
        plan = SplitPlan(train=8, val=4) if request.param == "anomaly" else None
        take_snapshot(project, plan=plan)
        train(project, options=QUICK)
        yield project, root


def test_a_run_names_its_snapshot_and_carries_model_report_and_threshold(trained):
    project, _ = trained
    run = project.runs.get("latest")
    assert run.state == "done"
    assert run.snapshot_id == project.snapshots.list()[0].id
    assert set(run.artifacts) == {"model", "report", "history"}
    assert 0 <= run.inspector["threshold"] <= 1.001
    assert 0 <= run.metrics["AUROC"] <= 1


def test_a_bundle_says_on_the_edge_what_the_model_says_at_home(trained):
    project, root = trained
    made = release(project, root / f"{project.task}.pitmark")
    model = load_model(project, project.runs.get("latest"))
    inspector = EdgeInspector.open(made.path, precision="fp32", threads=1)
    load = pixel_loader(project)
    for record in project.images.all()[:6]:
        home, edge = (m.predict(load(record.sha256)) for m in (model, inspector))
        assert edge.score == pytest.approx(home.score, abs=1e-3)
        assert np.allclose(edge.embedding, home.embedding, atol=1e-3)
    gate = made.row.gate
    assert gate["fp32"]["ok"]
    assert gate["network"] == "standard"
    tried = gate["quantization"]
    assert bool(tried["chosen"]) == ("int8" in gate["precisions"])
    assert tried["why"].startswith("int8 is ")
    assert [a["ok"] for a in tried["attempts"]][:-1] == [False] * (len(tried["attempts"]) - 1)
    assert read_bundle(made.path).manifest.gate["quantization"] == tried
    takes_bytes = bool(tried["chosen"]) and project.task in ("detection", "segmentation")
    assert read_bundle(made.path).manifest.takes_bytes == takes_bytes
    assert read_bundle(made.path).manifest.run_id == project.runs.get("latest").id


def test_costs_move_the_threshold_and_are_saved_with_the_run(trained):
    project, _ = trained
    careful = evaluate(project, costs=Costs(escape=1000, overkill=1))
    lax = evaluate(project, costs=Costs(escape=1, overkill=1000))
    assert careful.content["choice"]["threshold"] <= lax.content["choice"]["threshold"]
    assert evaluate(project).content["choice"] == lax.content["choice"]
    assert project.runs.get("latest").inspector["threshold"] == pytest.approx(
        lax.content["choice"]["threshold"]
    )


def test_an_audit_queues_findings_that_can_be_settled(trained):
    project, _ = trained
    summary = audit(project, options=QUICK_AUDIT)
    rows = project.findings.list(state="open")
    assert len(rows) == sum(summary.counts.values())
    assert all(0 <= r.score <= 1 and r.why for r in rows)
    again = audit(project, options=QUICK_AUDIT)
    assert dict(again.counts) == dict(summary.counts)
    if rows:
        settled = settle(
            project, project.findings.list(state="open")[0].id, "dismiss", by="eva"
        )
        assert settled.state == "dismissed"


def test_a_folder_is_inspected_and_the_log_holds_every_image(trained, tmp_path):
    project, root = trained
    made = release(project, tmp_path / "x.pitmark", int8=False)
    (root / "in" / "broken.png").write_bytes(b"no image")
    try:
        done = predict(made.path, root / "in", options=WatchOptions(log=tmp_path / "log"))
    finally:
        (root / "in" / "broken.png").unlink()
    lines = [json.loads(x) for x in (tmp_path / "log").read_text().splitlines()]
    assert len(lines) == done.images
    assert done.outcomes["error"] == 1
    assert next(x for x in lines if x["verdict"]["outcome"] == "error")["name"] == "broken.png"


@pytest.fixture
def project(tmp_path):
    with open_store(tmp_path / "home", create=True) as store:
        made = store.create_project("parts", "detection", LabelBook())
        import_folder(made, yolo_folder(tmp_path / "in", count=16))
        yield made


def test_the_quick_model_needs_no_training_loop(project):
    take_snapshot(project)
    run = train(project, options=TrainOptions(preset="fast", quick=True, side_px=64))
    assert run.settings["quick"]
    assert run.metrics["mAP50"] is not None


def test_two_runs_are_compared_on_the_same_images(project):
    take_snapshot(project)
    first = train(project, options=QUICK)
    second = train(project, options=TrainOptions(preset="fast", side_px=64, quick=True))
    told = compare_runs(project, first, second)
    assert told.images == len(
        [i for i in project.snapshots.load("latest")[1] if i.split == "test"]
    )
    assert "right verdicts" in told.to_json()["sentence"]


def test_a_correction_is_a_reviewed_revision_and_the_next_snapshot_has_it(project):
    name = next(r.name for r in project.images.all())
    annotate(project, name, (BoxShape("dent", (5, 5, 20, 20)),), labeler="eva")
    book = project.book.current()
    strict = book.with_entry(
        ClassEntry("dent", rules=(NumericRule("length", "px", minimum=12),))
    )
    save_label_book(project, strict, author="eva")
    take_snapshot(project)
    audit(project, options=QUICK_AUDIT)
    found = project.findings.list(kind="broken_rule")
    assert found
    finding = found[0]
    fixed = (BoxShape("dent", (4, 4, 30, 30)),)
    assert settle(project, finding.id, "correct", by="eva", shapes=fixed).state == "corrected"
    row = project.annotations.consensus([finding.sha256])[finding.sha256]
    assert row.review
    assert row.shapes == fixed
    info = take_snapshot(project)
    held = {i.image.sha256: i.shapes for i in project.snapshots.load(info.id)[1]}
    assert held[finding.sha256] == fixed


@pytest.mark.parametrize(
    ("shapes", "match"),
    [
        ((BoxShape("crater", (1, 1, 5, 5)),), "no class 'crater'"),
        ((BoxShape("dent", (1, 1, 500, 5)),), "lies off the image"),
        ((ImageClass("dent"), ImageClass("dent")), "2 classes for the whole image"),
    ],
)
def test_labels_that_cannot_be_are_refused(project, shapes, match):
    with pytest.raises(InvalidInputError, match=match):
        annotate(project, project.images.all()[0].name, shapes, labeler="eva")


def test_a_class_in_use_cannot_leave_the_label_book(project):
    with pytest.raises(InvalidInputError, match="'dent' is used by 8 images"):
        save_label_book(project, LabelBook(), author="eva")


def test_one_class_alone_cannot_be_told_apart_and_that_is_said(tmp_path):
    with open_store(tmp_path / "home", create=True) as store:
        made = store.create_project("parts", "classification", LabelBook())
        import_folder(made, class_folder(tmp_path / "in", count=8))
        for record in made.images.all():
            for labeler in ("eva", "ida"):
                annotate(made, record.name, (ImageClass("dent"),), labeler=labeler)
        take_snapshot(made)
        with pytest.raises(NotEnoughDataError, match="at least two classes, found dent"):
            train(made, options=QUICK)
        assert [r.state for r in made.runs.list()] == ["failed"]


def test_a_snapshot_is_written_for_other_tools_and_read_back(project, tmp_path):
    take_snapshot(project)
    done = export_folder(project, tmp_path / "out", format="coco")
    assert done.files == 16
    with open_store(tmp_path / "second", create=True) as store:
        back = store.create_project("back", "detection", LabelBook())
        import_folder(back, tmp_path / "out")
        assert back.images.count() == 16
        mine = {s: a.shapes for s, a in project.annotations.consensus().items()}
        theirs = {s: a.shapes for s, a in back.annotations.consensus().items()}
        assert {s: len(v) for s, v in mine.items()} == {s: len(v) for s, v in theirs.items()}


def test_a_watched_folder_is_inspected_until_told_to_stop(project, tmp_path):
    take_snapshot(project)
    train(project, options=QUICK)
    made = release(project, tmp_path / "x.pitmark", int8=False)
    stop, seen = threading.Event(), []

    def note(inspection, state):
        seen.append((inspection.name, state.images))
        if len(seen) == 5:
            stop.set()

    done = watch(made.path, tmp_path / "in" / "images", stop=stop, on_image=note)
    assert done.images == 5
    assert [n for _, n in seen] == [1, 2, 3, 4, 5]


def test_drift_is_judged_by_camera_where_images_come_from_several(tmp_path):
    with open_store(tmp_path / "home", create=True) as store:
        project = store.create_project("parts", "detection", LabelBook())
        folder = yolo_folder(tmp_path / "in", count=60)
        for n, path in enumerate(sorted((folder / "images").iterdir())):
            label = folder / "labels" / f"{path.stem}.txt"
            for file in (path, label):
                if file.exists():
                    file.rename(file.with_stem(f"{n:03d}_cam{n % 2}"))
        import_folder(project, folder, options=ImportOptions(pattern="{n}_{camera}"))
        take_snapshot(project, plan=SplitPlan(train=12, val=6))
        train(project, options=QUICK)
        with pytest.raises(InvalidInputError, match="finish cannot be a condition of drift"):
            release(project, tmp_path / "x.pitmark", int8=False, conditions=["finish"])
        assert not (tmp_path / "x.pitmark").exists()
        made = release(project, tmp_path / "x.pitmark", int8=False)
        assert made.drift_conditions == ("camera",)
        tagged = WatchOptions(tags=name_tags("{n}_{camera}"))
        done = predict(made.path, folder / "images", options=tagged)
        assert done.drift is not None
        assert (done.drift["images"], done.drift["unknown"]) == (60, 0)
        other = WatchOptions(tags=lambda name: {"camera": "cam0" if "000" in name else "new"})
        assert predict(made.path, folder / "images", options=other).drift["unknown"] == 59


def test_tags_are_taken_from_names():
    tags = name_tags("{lot}_{n}_{camera}")
    assert tags("L6_0012_cam2.png") == {"lot": "L6", "n": "0012", "camera": "cam2"}
    assert tags("odd.png") == {}
