"""One suite for two ways: `pitmark.open(folder)` and `pitmark.connect(url, token)`."""

from itertools import count

import pytest
from PIL import Image

from pitmark.core.errors import (
    CancelledError,
    ConflictError,
    InvalidInputError,
    InvalidLabelError,
    NotEnoughDataError,
    NotFoundError,
    UnknownFormatError,
)
from pitmark.core.label_book import ClassEntry, LabelBook, NumericRule
from pitmark.core.labels import BoxShape, ImageClass, PolygonShape
from pitmark.ops.images.importing import ImportOptions
from pitmark.ops.images.snapshots import SplitPlan
from pitmark.ops.line.feedback import FeedbackOptions
from pitmark.ops.line.promotion import PromoteOptions
from pitmark.ops.models.train_options import TrainOptions
from tests.ops.toys import QUICK, QUICK_AUDIT, class_folder, yolo_folder
from tests.sdk.conftest import WHO

_NUMBERS = count(1)


def _name():
    return f"project {next(_NUMBERS)}: 50 % / ß".replace("/", "·")


@pytest.fixture
def boxes(workspace, tmp_path):
    """A detection project with 12 images, half of them with one dent."""
    project = workspace.create_project(_name(), task="detection")
    project.import_folder(yolo_folder(tmp_path / "photos", 12))
    return project


@pytest.fixture(scope="module")
def learned(workspace, tmp_path_factory):
    """A classification project with a snapshot, a trained run and an audit; not changed."""
    project = workspace.create_project("learned", task="classification")
    project.import_folder(class_folder(tmp_path_factory.mktemp("parts") / "photos", 48))
    project.snapshot(plan=SplitPlan(train=24, val=12))
    told = []
    run = project.train(options=QUICK, report=told.append)
    return project, run, told


def test_a_project_is_made_once_and_found_again(workspace):
    name = _name()
    book = LabelBook().with_classes(["good", "dent"])
    made = workspace.create_project(name, task="classification", label_book=book)
    assert (made.name, made.task) == (name, "classification")
    found = workspace.project(name)
    assert found.label_book.names == ("good", "dent")
    (told,) = [p for p in workspace.projects() if p.name == name]
    assert (told.task, told.images, told.labeled) == ("classification", 0, 0)
    with pytest.raises(ConflictError, match="exists already"):
        workspace.create_project(name, task="detection")


def test_what_is_not_there_or_impossible_is_the_same_error_both_ways(workspace, signed):
    with pytest.raises(NotFoundError, match="there is no project 'nowhere'"):
        workspace.project("nowhere")
    with pytest.raises(InvalidInputError, match="unknown task 'tracking'"):
        workspace.create_project("x", task="tracking")
    with pytest.raises(InvalidInputError, match="project"):
        workspace.create_project("a/b", task="detection")
    with pytest.raises(InvalidInputError, match="64"):
        workspace.create_project("x" * 65, task="detection")
    project = workspace.create_project(_name(), task="classification")
    with pytest.raises(NotFoundError, match="no training run"):
        project.run()
    with pytest.raises(NotFoundError, match=r"no image 'gone\.png'"):
        project.annotate("gone.png", [], **signed)
    with pytest.raises(NotEnoughDataError, match="labeled"):
        project.snapshot()


def test_a_label_book_with_rules_is_there_from_the_beginning_and_changed_by_revisions(
    workspace,
):
    rule = NumericRule("length", "px", minimum=3.0)
    book = LabelBook(classes=(ClassEntry("good", good=True), ClassEntry("dent", rules=(rule,))))
    project = workspace.create_project(_name(), task="detection", label_book=book)
    assert project.label_book.entry("dent").rules == (rule,)
    before = project.label_book
    saved = project.save_label_book(before.with_classes(["pit"]), reason="a new fault")
    assert saved.revision == before.revision + 1
    assert project.label_book == saved


def test_a_folder_is_imported_once_with_its_labels_and_metadata(workspace, tmp_path):
    project = workspace.create_project(_name(), task="classification")
    photos = class_folder(tmp_path / "photos", 12)
    (photos / "good" / "broken.png").write_text("no image")
    how = ImportOptions(pattern="cam{camera}_p{part}_{number}", group_by=("part",))
    seen = []
    summary = project.import_folder(photos, options=how, report=seen.append)
    assert (summary.found, summary.added, summary.known) == (13, 12, 0)
    assert (summary.labeled, set(summary.classes)) == (12, {"good", "dent"})
    assert [p.name for p in summary.problems] == ["good/broken.png"]
    assert seen
    again = project.import_folder(photos, options=how)
    assert (again.added, again.known) == (0, 12)
    images = list(project.images())
    assert len(project.images()) == len(images) == 12
    assert [i.name for i in images] == sorted(i.name for i in images)
    one = next(i for i in images if i.name.endswith("cam0_p001_3.png"))
    assert (one.width, one.height, one.mode, one.group) == (64, 48, "L", "1")
    assert one.metadata["camera"] == 0
    assert not one.synthetic


def test_a_table_of_metadata_is_joined_wherever_it_lies(workspace, tmp_path):
    project = workspace.create_project(_name(), task="classification")
    photos = class_folder(tmp_path / "photos", 4)
    names = sorted(p.name for p in photos.rglob("*.png"))
    lines = ["image,lot", *(f"{n},L{i}" for i, n in enumerate(names))]
    (tmp_path / "lots.csv").write_text("\n".join(lines))
    how = ImportOptions(metadata_csv=tmp_path / "lots.csv")
    assert project.import_folder(photos, options=how).added == 4
    found = {i.name.rpartition("/")[2]: i.metadata["lot"] for i in project.images()}
    assert found == {n: f"L{i}" for i, n in enumerate(names)}


def test_a_folder_with_a_single_class_keeps_it(workspace, tmp_path):
    project = workspace.create_project(_name(), task="classification")
    class_folder(tmp_path / "photos", 1)
    summary = project.import_folder(
        tmp_path / "photos", options=ImportOptions(format="folders")
    )
    assert summary.classes == ("good",)


def test_a_folder_that_is_not_there_or_fits_no_format_is_told(workspace, tmp_path):
    project = workspace.create_project(_name(), task="segmentation")
    with pytest.raises(InvalidInputError, match="there is no folder"):
        project.import_folder(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInputError, match="empty"):
        project.import_folder(tmp_path / "empty")
    photos = class_folder(tmp_path / "photos", 2)
    with pytest.raises(UnknownFormatError, match="nonsense"):
        project.import_folder(photos, options=ImportOptions(format="nonsense"))


def test_labels_are_written_as_revisions_and_what_contradicts_is_refused(
    workspace, boxes, signed
):
    image = next(iter(boxes.images()))
    shapes = [
        BoxShape("dent", (1.5, 2.0, 11.25, 12.0)),
        PolygonShape("dent", (((20.0, 20.0), (30.0, 20.0), (30.0, 31.5)),)),
    ]
    boxes.annotate(image.name, shapes, reason="seen under the lamp", **signed)
    boxes.annotate(image.sha256, [], **signed)
    boxes.annotate(image.sha256[:12], shapes[:1], **signed)
    with pytest.raises(InvalidLabelError, match="rust"):
        boxes.annotate(image.name, [BoxShape("rust", (1.0, 2.0, 3.0, 4.0))], **signed)
    info = boxes.snapshot(note="first")
    assert (info.images, info.labeled, info.note) == (12, 12, "first")
    boxes.take_back(image.name, **signed)
    boxes.take_back(image.name, **signed)
    with pytest.raises(NotFoundError, match="gone"):
        boxes.take_back("gone.png", **signed)


def test_a_snapshot_of_the_same_data_is_the_same(boxes):
    first = boxes.snapshot(plan=SplitPlan(train=6, val=3), note="one")
    again = boxes.snapshot(plan=SplitPlan(train=6, val=3), note="two")
    assert (first.id, first.note) == (again.id, again.note)
    assert first.created == again.created


def test_a_training_tells_its_progress_and_its_figures(learned):
    project, run, told = learned
    assert run.id == "r0001"
    assert 0.0 <= run.metrics["accuracy"] <= 1.0
    assert any(p.total and 0 < p.done <= p.total for p in told)
    assert project.run().id == project.run(run.id).id == run.id
    assert run.report.metrics.keys() >= {"accuracy"}
    assert run.report.content["metrics"] == run.report.metrics
    same = run.compare(run).to_json()
    assert (same["first"], same["second"]) == (run.id, run.id)


def test_work_is_stopped_by_who_is_told_of_its_progress(boxes):
    def stop(progress):
        if progress.stage not in ("hash", "upload"):
            raise CancelledError("enough")

    with pytest.raises(CancelledError, match="enough"):
        boxes.train(options=QUICK, report=stop)


def test_an_impossible_option_is_told_by_its_name(boxes):
    with pytest.raises(InvalidInputError, match="preset"):
        boxes.train(options=TrainOptions(preset="lazy"))


@pytest.fixture(scope="module")
def audited(workspace, tmp_path_factory):
    """A classification project with two wrong labels, audited; and what the audit said."""
    project = workspace.create_project("audited", task="classification")
    photos = class_folder(tmp_path_factory.mktemp("wrong") / "photos", 48)
    for name in sorted((photos / "good").iterdir())[:2]:
        name.rename(photos / "dent" / name.name)
    project.import_folder(photos)
    return project, project.audit(options=QUICK_AUDIT)


def test_an_audit_queues_findings_that_are_settled_and_taken_back(audited):
    project, summary = audited
    assert summary.images == 48
    assert sum(summary.counts.values()) == len(project.findings())
    (first, *_) = project.findings(limit=1)
    assert len(project.findings(limit=1)) == 1
    assert (first.state, first.by) == ("open", None)
    assert 0.0 <= first.score <= 1.0
    assert len(project.findings(kind=first.kind)) == summary.counts[first.kind]
    before = len(project.findings())
    settled = project.settle(first.id, "dismiss", note="looked at twice")
    assert (settled.id, settled.state) == (first.id, "dismissed")
    assert settled.note == "looked at twice"
    assert settled.by
    assert [f.id for f in project.findings(state="dismissed")] == [first.id]
    assert len(project.findings(state=None)) >= before
    review = project.review()
    assert review.to_json()["decisions"] == 1
    assert review.sentence() == review.to_json()["sentence"]
    assert review.stop is False
    undone = project.undo()
    assert first.id in undone.sentence()
    assert undone.corrected == 0
    assert len(project.findings()) == before
    with pytest.raises(ConflictError, match="there is no decision to take back"):
        project.undo(first.id)
    with pytest.raises(NotFoundError, match="f99999"):
        project.settle("f99999", "accept")


def test_weak_slices_are_those_of_the_audit(audited):
    project, summary = audited
    found = project.data.slices().to_json()
    assert (found["project"], found["cases"]) == ("audited", summary.images)


def test_a_correction_is_a_reviewed_label(audited):
    project, _ = audited
    before = project.snapshot()
    finding = next(f for f in project.findings() if f.suggestion)
    settled = project.settle(finding.id, "correct", shapes=[ImageClass("good")])
    assert settled.state == "corrected"
    assert project.snapshot().id != before.id
    assert project.undo().corrected == 1
    assert project.snapshot().id == before.id


def test_a_release_is_fetched_and_rolled_back_to(learned, tmp_path):
    project, run, _ = learned
    made = project.release(tmp_path / "one.pitmark", run=run.id, int8=False)
    assert made.path == tmp_path / "one.pitmark"
    assert made.size_bytes == made.path.stat().st_size > 1000
    assert made.row.version == 1
    (tmp_path / "folder").mkdir()
    second = project.release(tmp_path / "folder", int8=False)
    assert second.path == tmp_path / "folder" / "learned-v2.pitmark"
    back = project.roll_back(1, tmp_path / "folder")
    assert back.row.version == 3
    assert back.path.name == "learned-v3.pitmark"
    assert back.path.stat().st_size > 1000
    with pytest.raises(InvalidInputError, match="there is no folder"):
        project.release(tmp_path / "nowhere" / "x.pitmark")
    with pytest.raises(NotFoundError, match="no release 9"):
        project.roll_back(9, tmp_path)
    with pytest.raises(ConflictError, match="is the newest one"):
        project.roll_back(3, tmp_path)


def test_a_snapshot_is_written_in_the_format_of_another_tool(boxes, tmp_path):
    boxes.snapshot()
    done = boxes.export(tmp_path / "out", format="coco")
    written = [p for p in (tmp_path / "out").rglob("*") if p.is_file()]
    assert (done.files, list(done.lost)) == (12, [])
    assert len(written) > 12
    assert all(Image.open(p).size == (64, 48) for p in written if p.suffix == ".png")
    with pytest.raises(ConflictError, match="is not empty"):
        boxes.export(tmp_path / "out", format="coco")
    with pytest.raises(UnknownFormatError, match="nonsense"):
        boxes.export(tmp_path / "other", format="nonsense")


def test_the_data_is_looked_at_as_data(learned):
    project, _, _ = learned
    feasible = project.data.feasibility(most=12)
    assert {"verdict", "figures", "forecast"} <= feasible.to_json().keys()
    assert feasible.sentences()
    doubles = project.data.duplicates(embed=False).to_json()
    assert doubles["images"] == 48
    groups = project.data.propose_groups(embed=False).to_json()
    assert groups["images"] == 48
    sheet = project.data.datasheet().to_json()
    assert sheet["blanks"].keys() <= sheet["sheet"].keys()
    assert project.data.advise().actions


def test_agreement_studies_are_designed_and_listed(boxes):
    assert list(boxes.labels.studies()) == []
    study = boxes.labels.design_study(WHO)
    (listed,) = boxes.labels.studies()
    assert (listed.id, listed.labelers) == (study.id, study.labelers)
    assert listed.complete is False


def test_a_run_is_put_into_use_and_the_limits_are_settled(learned, tmp_path):
    project, run, _ = learned
    upkeep = project.upkeep
    with pytest.raises(NotEnoughDataError, match="no device has sent a picture"):
        upkeep.feedback(options=FeedbackOptions(count=5))
    tried = upkeep.promote(run.id, options=PromoteOptions(dry_run=True, int8=False))
    assert not tried.promoted
    assert tried.sentences()[-1] == "It would pass."
    done = upkeep.promote(run.id, tmp_path / "used.pitmark", options=PromoteOptions(int8=False))
    assert done.promoted
    assert done.path.stat().st_size > 1000
    checks = {c["name"]: c["verdict"] for c in done.to_json()["checks"]}
    assert checks["same_on_device"] == "passed"
    # Other tests of this run may have rolled back before: it is judged anew all the same.
    decision, *before = upkeep.promotions()
    assert decision.decision == "promoted"
    assert {b.decision for b in before} <= {"rolled back"}
    assert decision.version == done.to_json()["version"]
    with pytest.raises(NotEnoughDataError, match="nothing was labeled or corrected"):
        upkeep.update()
    limits = upkeep.set_limits({"updates_per_day": 5, "gate": {"margin": 0.05}})
    assert (limits["updates_per_day"], limits["gate"]["margin"]) == (5, 0.05)
    assert upkeep.set_schedule({"on": True, "corrections": 12})["corrections"] == 12
    status = upkeep.status().to_json()
    assert status["run"] == run.id
    assert (status["due"]["due"], status["due"]["corrections"]) == (False, 0)
    with pytest.raises(InvalidInputError, match="hours"):
        upkeep.set_limits({"hours": [5, 5]})
