"""The closed loop of synthesis on small folders: learn, test, keep or drop; and its guards."""

import json
from dataclasses import replace

import numpy as np
import pytest

from pitmark.core.errors import CancelledError, InvalidInputError, NotEnoughDataError
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import (
    mask_shape,
    shapes_hash,
)
from pitmark.core.preprocess import PreprocessSpec
from pitmark.core.progress import silent
from pitmark.core.provenance import MADE_BY, MADE_FROM, USE, sources_of
from pitmark.core.records import Snapshot, SnapshotItem
from pitmark.ops.data.auditing import audit
from pitmark.ops.images.exporting import export_folder
from pitmark.ops.images.importing import import_folder
from pitmark.ops.images.pixels import pixel_loader
from pitmark.ops.images.snapshots import SplitPlan, take_snapshot
from pitmark.ops.line.drift_references import reference_images
from pitmark.ops.line.releasing import _golden_images
from pitmark.ops.models.calibrating import calibration_patches
from pitmark.ops.synthesis.candidates import Candidate, candidates_for, repeated_images
from pitmark.ops.synthesis.closed_loop import judge_candidates, list_syntheses, synthesize
from pitmark.ops.synthesis.images import MadeImage, set_use, store_images
from pitmark.ops.synthesis.trial import SynthesisOptions, learn_with, setting_for
from pitmark.store.db import open_store
from tests.ops.synthesis_projects import label_of, made_of, project_of
from tests.ops.toys import QUICK, QUICK_AUDIT, mask_folder


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "home", create=True) as opened:
        yield opened


def test_what_was_kept_is_not_made_again(store, tmp_path):
    project = project_of(store, tmp_path, "segmentation")
    base = project.snapshots.info("latest")
    options = SynthesisOptions(label=label_of(project), amounts=(3,), train=QUICK)
    setting = setting_for(project, options)
    first, _ = candidates_for(project, setting, silent)
    row = project.runs.create("synthesis", base.id, {}, 0)
    project.runs.finish(row.id, metrics={"kept": True}, inspector=None, artifacts={})
    second, _ = candidates_for(project, setting, silent)
    pairs = zip(first[0].made, second[0].made, strict=True)
    assert all((a.pixels != b.pixels).any() for a, b in pairs)


def test_synthetic_images_on_trial_or_dropped_are_in_no_snapshot(store, tmp_path):
    project = project_of(store, tmp_path, "segmentation")
    before = project.snapshots.info("latest")
    stored = store_images(project, made_of(project), label="defect", run="r9", use="trial")
    assert take_snapshot(project).id == before.id
    set_use(project, stored, "kept")
    after = take_snapshot(project)
    images = project.snapshots.load(after.id)[1]
    assert {i.split for i in images if i.image.synthetic} == {"train"}
    assert after.images == before.images + len(stored)
    set_use(project, stored, "dropped")
    assert take_snapshot(project).id == before.id
    # Archived, not destroyed.
    assert all(project.images.get(s.item.image.sha256).synthetic for s in stored)


def test_another_split_leaves_out_what_was_made_of_images_that_it_holds_out(store, tmp_path):
    project = project_of(store, tmp_path, "segmentation")
    store_images(project, made_of(project, 8), label="defect", run="r9", use="kept")
    for seed in range(4):
        info = take_snapshot(project, plan=SplitPlan(train=10, val=6, seed=seed))
        images = project.snapshots.load(info.id)[1]
        training = {i.image.sha256 for i in images if i.split == "train"}
        synthetic = [i for i in images if i.image.synthetic]
        assert all(set(sources_of(i.image)) <= training for i in synthetic)
        assert len(synthetic) < 8


@pytest.mark.parametrize("split", ["val", "test"])
def test_no_snapshot_with_a_held_out_synthetic_image_can_be_saved(store, tmp_path, split):
    project = project_of(store, tmp_path, "segmentation")
    (stored,) = store_images(project, made_of(project, 1), label="x", run="r9", use="kept")
    base = project.snapshots.get("latest")
    sha = stored.item.image.sha256
    row = project.annotations.consensus()[sha]
    item = SnapshotItem(sha, shapes_hash(row.shapes), split)
    ids = {**project.snapshots.annotation_ids(base.id), sha: stored.annotation_id}
    with pytest.raises(InvalidInputError, match="synthetic and cannot be in the split"):
        project.snapshots.save(
            Snapshot.of([*base.items, item], base.classes), ids,
            book_revision=project.book.current().revision,
        )  # fmt: skip


def test_what_an_image_was_made_from_cannot_be_rewritten(store, tmp_path):
    project = project_of(store, tmp_path, "segmentation")
    (stored,) = store_images(project, made_of(project, 1), label="x", run="r9", use="kept")
    sha = stored.item.image.sha256
    for key in (MADE_FROM, MADE_BY):
        with pytest.raises(InvalidInputError, match=f"its '{key}' cannot be changed"):
            project.images.set_metadata(sha, {key: "nothing"})
    project.images.set_metadata(sha, {"camera": "cam2"})
    assert project.images.get(sha).metadata["camera"] == "cam2"


def test_synthetic_images_stay_synthetic_through_export_and_import(store, tmp_path):
    project = project_of(store, tmp_path, "segmentation")
    store_images(project, made_of(project, 4), label="defect", run="r9", use="kept")
    info = take_snapshot(project)
    export_folder(project, tmp_path / "out", format="masks", snapshot=info.id)
    again = store.create_project("again", "segmentation", LabelBook())
    import_folder(again, tmp_path / "out")
    assert sum(r.synthetic for r in again.images.iterate()) == 4
    new = again.snapshots.load(take_snapshot(again, plan=SplitPlan(seed=3)).id)[1]
    assert all(i.split == "train" for i in new if i.image.synthetic)


def mixed(project):
    """A snapshot without held-out images, half of it synthetic."""
    images = project.snapshots.load("latest")[1]
    stored = store_images(project, made_of(project, 6), label="x", run="r9", use="kept")
    training = [replace(i, split="train") for i in images][:6]
    return [*(s.item for s in stored), *training]


def test_golden_images_drift_references_and_calibration_are_real(store, tmp_path):
    project = project_of(store, tmp_path, "segmentation")
    images = mixed(project)
    assert not any(i.image.synthetic for i in _golden_images(images))
    assert not any(i.image.synthetic for i in reference_images(images))
    asked = []

    def load(sha):
        asked.append(sha)
        return pixel_loader(project)(sha)

    calibration_patches(PreprocessSpec((64, 64), overlap_px=0), images, load)
    assert set(asked) <= {i.image.sha256 for i in images if not i.image.synthetic}
    assert asked


def test_an_audit_judges_real_images_only(store, tmp_path):
    project = project_of(store, tmp_path, "segmentation")
    real = project.snapshots.info("latest").images
    store_images(project, made_of(project, 4), label="defect", run="r9", use="kept")
    info = take_snapshot(project)
    assert info.images == real + 4
    assert audit(project, options=QUICK_AUDIT).images == real


@pytest.mark.parametrize("task", ["detection", "segmentation", "classification"])
def test_one_call_runs_the_whole_loop_and_keeps_its_record(store, tmp_path, task):
    project = project_of(store, tmp_path, task)
    before = project.snapshots.info("latest")
    options = SynthesisOptions(label=label_of(project), amounts=(4,), train=QUICK)
    result = synthesize(project, options=options)
    record = result.record
    assert result.run.kind == "synthesis"
    assert record["amount"] == 4
    # The real images over and over are only asked where the new ones help at all.
    assert record["trainings"] == 1 + (record["oversampled"] is not None)
    assert record["gain"]["cases"] > 0
    assert all(made["made_from"] for made in record["images"])
    (listed,) = list_syntheses(project)
    assert listed.record == json.loads(json.dumps(record))
    uses = {project.images.get(m["sha256"]).metadata[USE] for m in record["images"]}
    latest = project.snapshots.info("latest")
    if result.kept:
        assert (uses, latest.images) == ({"kept"}, before.images + 4)
        assert project.runs.get("latest").snapshot_id == latest.id == record["new_snapshot"]
    else:
        assert (uses, latest.id) == ({"dropped"}, before.id)
        assert project.runs.get("latest").id == record["baseline"]


def test_more_images_are_learned_from_in_as_many_more_steps(store, tmp_path):
    project = project_of(store, tmp_path, "detection")
    setting = setting_for(project, SynthesisOptions(label=label_of(project), train=QUICK))
    shown = {}
    for count in (0, 30):
        extra = repeated_images(setting, count)
        learned = learn_with(project, setting, extra, work=tmp_path / str(count))
        shown[count] = learned.model.history[-1]["step"]
    assert shown[0] == QUICK.image_steps
    # From 12 images to 42; below 23 images steps are not fewer any more.
    assert shown[30] / shown[0] == pytest.approx((42 / 50) ** 0.65 / 0.6, abs=0.1)


def test_several_amounts_are_chosen_on_validation_and_one_is_tested(store, tmp_path):
    project = project_of(store, tmp_path, "segmentation")
    options = SynthesisOptions(label=label_of(project), amounts=(4, 2), train=QUICK)
    record = synthesize(project, options=options).record
    assert [c["images"] for c in record["candidates"]] == [2, 4]
    assert all(c["validation"] is not None for c in record["candidates"])
    assert record["chosen"] in {"2 images", "4 images"}
    assert record["trainings"] == 2 + (record["oversampled"] is not None)


def test_images_that_do_not_help_leave_by_themselves(store, tmp_path):
    project = project_of(store, tmp_path, "segmentation")
    before = project.snapshots.info("latest")
    options = SynthesisOptions(label=label_of(project), train=QUICK)
    setting = setting_for(project, options)
    good = [i for i in setting.of("train") if not i.shapes]
    rng = np.random.default_rng(0)
    useless = []
    for item in good * 2:
        pixels = pixel_loader(project)(item.image.sha256).copy()
        pixels[0, 0] = rng.integers(90, 130)
        mask = np.zeros(pixels.shape, bool)
        mask[:24, :32] = True
        shape = mask_shape(label_of(project), mask)
        useless.append(MadeImage(pixels, (shape,), item.image, (item.image.sha256,), "pasted"))
    result = judge_candidates(
        project, setting, [Candidate("useless", tuple(useless))],
        about={"real_images": 6}, started=0.0,
    )  # fmt: skip
    assert not result.kept
    assert result.sentences()[-1].startswith("Dropped: ")
    assert take_snapshot(project).id == before.id


def test_a_synthesis_that_is_stopped_leaves_no_checkpoints_behind(store, tmp_path):
    project = project_of(store, tmp_path, "segmentation")
    made = []

    def stop_when_it_learns(progress):
        if progress.stage == "synthesize":
            made.append(progress)
        elif made:
            raise CancelledError("stopped on request")

    options = SynthesisOptions(label=label_of(project), train=QUICK)
    with pytest.raises(CancelledError, match="stopped on request"):
        synthesize(project, options=options, report=stop_when_it_learns)
    (row,) = project.runs.list(kind="synthesis")
    assert row.state == "failed"
    assert list(project.work.glob(f"{row.id}-*")) == []


def test_synthesis_says_what_it_lacks(store, tmp_path):
    project = project_of(store, tmp_path, "segmentation")

    def ask(**given):
        synthesize(project, options=SynthesisOptions(train=QUICK, **given))

    with pytest.raises(InvalidInputError, match="no class 'crater'"):
        ask(label="crater")
    with pytest.raises(InvalidInputError, match="no image of the snapshot has camera = cam9"):
        ask(label=label_of(project), where={"camera": "cam9"})
    with pytest.raises(InvalidInputError, match="amounts must be at least 1"):
        ask(label=label_of(project), amounts=(0,))
    with pytest.raises(InvalidInputError, match="no policy 'fog'"):
        ask(label=label_of(project), policies=("fog",))
    take_snapshot(project, plan=SplitPlan(train=20, val=4))
    with pytest.raises(NotEnoughDataError, match="on no real part"):
        ask(label=label_of(project))


def test_anomaly_projects_are_told_that_synthesis_is_not_for_them(store, tmp_path):
    made = store.create_project("good-only", "anomaly", LabelBook())
    import_folder(made, mask_folder(tmp_path / "masks", count=16))
    take_snapshot(made)
    with pytest.raises(InvalidInputError, match="learns from good images only"):
        synthesize(made, options=SynthesisOptions(train=QUICK))
