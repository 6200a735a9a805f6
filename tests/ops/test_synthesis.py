"""The closed loop of synthesis on small folders: make, learn, test, keep or drop."""

import json
from dataclasses import replace

import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.label_book import LabelBook, NumericRule
from pitmark.core.labels import (
    BoxShape,
    ImageClass,
    MaskShape,
    mask_shape,
    shape_mask,
    shapes_hash,
)
from pitmark.core.preprocess import PreprocessSpec
from pitmark.core.progress import silent
from pitmark.core.provenance import MADE_BY, MADE_FROM, USE, sources_of
from pitmark.core.records import ImageRecord, LabeledImage, Snapshot, SnapshotItem
from pitmark.ops.auditing import audit
from pitmark.ops.calibrating import calibration_patches
from pitmark.ops.class_recall import ClassCases
from pitmark.ops.drift_references import reference_images
from pitmark.ops.exporting import export_folder
from pitmark.ops.importing import import_folder
from pitmark.ops.pixels import pixel_loader
from pitmark.ops.releasing import _golden_images
from pitmark.ops.snapshots import SplitPlan, take_snapshot
from pitmark.ops.synthesis import (
    Candidate,
    _candidates,
    judge_candidates,
    list_syntheses,
    synthesize,
)
from pitmark.ops.synthesis_images import MadeImage, make_images, set_use, store_images
from pitmark.ops.synthesis_parts import collect_parts, painted_kind
from pitmark.ops.synthesis_policies import POLICIES, policy_images
from pitmark.ops.synthesis_trial import SynthesisOptions, setting_for
from pitmark.ops.synthesis_verdict import compare_models
from pitmark.store.db import open_store
from tests.ops.toys import QUICK, QUICK_AUDIT, class_folder, mask_folder, yolo_folder

FOLDERS = {"detection": yolo_folder, "segmentation": mask_folder}
PLAN = SplitPlan(train=12, val=4)


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "home", create=True) as opened:
        yield opened


def project_of(store, tmp_path, task, *, count=24):
    made = store.create_project(task, task, LabelBook())
    folder = tmp_path / task
    import_folder(made, FOLDERS.get(task, class_folder)(folder, count))
    take_snapshot(made, plan=PLAN)
    return made


def label_of(project):
    return project.book.current().defect_names[0]


def parts_of(project, **given):
    images = project.snapshots.load("latest")[1]
    return collect_parts(
        images, pixel_loader(project), label_of(project),
        book=project.book.current(), where={}, **given,
    )  # fmt: skip


def made_of(project, count=6, seed=0):
    book = project.book.current()
    return make_images(
        parts_of(project), count, pixel_loader(project), book=book, task=project.task, seed=seed
    )


@pytest.mark.parametrize("task", ["detection", "segmentation"])
def test_masks_and_boxes_come_for_free_and_lie_on_what_was_pasted(store, tmp_path, task):
    project = project_of(store, tmp_path, task)
    load = pixel_loader(project)
    for made in made_of(project):
        before = load(made.base.sha256).astype(int)
        changed = np.abs(made.pixels.astype(int) - before) > 25
        new = made.shapes[-1]
        assert isinstance(new, BoxShape if task == "detection" else MaskShape)
        covered = shape_mask(new, made.base.size_wh)
        assert changed.sum() > 10
        assert (changed & covered).sum() > 0.8 * changed.sum()
        assert made.pixels[covered].mean() > before[covered].mean() + 25


def test_the_same_seed_gives_the_same_images_and_a_longer_list_begins_with_them(
    store, tmp_path
):
    project = project_of(store, tmp_path, "segmentation")
    few, many, other = made_of(project, 3), made_of(project, 6), made_of(project, 3, seed=1)
    for one, again in zip(few, many, strict=False):
        np.testing.assert_array_equal(one.pixels, again.pixels)
    assert any((a.pixels != b.pixels).any() for a, b in zip(few, other, strict=True))


def test_no_defect_is_made_that_breaks_a_rule_of_its_class(store, tmp_path):
    project = project_of(store, tmp_path, "detection")
    book = project.book.current()
    rule = NumericRule("length", "px", minimum=9.0, maximum=11.5)
    ruled = book.with_entry(replace(book.entry("dent"), rules=(rule,)))
    load = pixel_loader(project)
    made = make_images(parts_of(project), 8, load, book=ruled, task="detection")
    assert made
    assert not any(ruled.broken_rules(s) for m in made for s in m.shapes)
    free = make_images(parts_of(project), 8, load, book=book, task="detection")
    assert any(ruled.broken_rules(s) for m in free for s in m.shapes)


def test_what_was_kept_is_not_made_again(store, tmp_path):
    project = project_of(store, tmp_path, "segmentation")
    base = project.snapshots.info("latest")
    options = SynthesisOptions(label=label_of(project), amounts=(3,), train=QUICK)
    setting = setting_for(project, options)
    first, _ = _candidates(project, setting, silent)
    row = project.runs.create("synthesis", base.id, {}, 0)
    project.runs.finish(row.id, metrics={"kept": True}, inspector=None, artifacts={})
    second, _ = _candidates(project, setting, silent)
    pairs = zip(first[0].made, second[0].made, strict=True)
    assert all((a.pixels != b.pixels).any() for a, b in pairs)


def test_only_real_training_images_give_defects_and_grounds(store, tmp_path):
    project = project_of(store, tmp_path, "segmentation")
    images = project.snapshots.load("latest")[1]
    training = {i.image.sha256 for i in images if i.split == "train"}
    made = made_of(project, 8)
    assert {s for m in made for s in m.made_from} <= training
    stored = store_images(project, made, label="defect", run="r9", use="kept")
    parts = collect_parts(
        [*images, *(s.item for s in stored)], pixel_loader(project), label_of(project),
        book=project.book.current(), where={},
    )  # fmt: skip
    assert {d.sha256 for d in parts.donors} <= training
    assert {b.image.sha256 for b in parts.bases} <= training


def test_a_class_without_any_outline_is_painted_by_its_name_or_by_wish(store, tmp_path):
    project = project_of(store, tmp_path, "classification")
    assert parts_of(project).kind == "dent"
    assert parts_of(project, kind="pores").donors == ()
    made = made_of(project, 4)
    assert all(m.shapes == (ImageClass("dent"),) for m in made)
    assert {m.made_by for m in made} == {"painted"}
    assert painted_kind("Kratzer") is None
    with pytest.raises(InvalidInputError, match="no kind of painted defect is called 'foam'"):
        painted_kind("Kratzer", "foam")


def test_few_defects_of_its_own_are_joined_by_painted_ones(store, tmp_path):
    project = project_of(store, tmp_path, "detection")
    parts = parts_of(project)
    assert parts.kind == "dent"
    few = replace(parts, donors=parts.donors[:2])
    load, book = pixel_loader(project), project.book.current()
    ways = {m.made_by for m in make_images(few, 12, load, book=book, task="detection")}
    assert ways == {"painted", "pasted"}
    enough = replace(parts, donors=(parts.donors * 5)[:5])
    ways = {m.made_by for m in make_images(enough, 12, load, book=book, task="detection")}
    assert ways == {"pasted"}


@pytest.mark.parametrize("task", ["detection", "segmentation"])
@pytest.mark.parametrize("policy", POLICIES)
def test_policies_change_the_image_and_move_its_labels_along(store, tmp_path, task, policy):
    project = project_of(store, tmp_path, task)
    images = project.snapshots.load("latest")[1]
    made = policy_images(
        images, 3, pixel_loader(project), policy=policy, label=label_of(project),
        where={}, book=project.book.current(),
    )  # fmt: skip
    for item in made:
        size = (item.pixels.shape[1], item.pixels.shape[0])
        inside = shape_mask(item.shapes[0], size)
        assert item.pixels[inside].mean() > item.pixels[~inside].mean() + 25
        assert item.made_from == (item.base.sha256,)


def test_policies_that_the_label_book_rules_out_are_refused(store, tmp_path):
    project = project_of(store, tmp_path, "detection")
    book = replace(project.book.current(), flips=False)
    arguments = {"label": "dent", "where": {}, "book": book}
    with pytest.raises(InvalidInputError, match="cannot be changed by 'flips'"):
        policy_images([], 1, pixel_loader(project), policy="flips", **arguments)
    with pytest.raises(InvalidInputError, match="no policy 'fog'"):
        policy_images([], 1, pixel_loader(project), policy="fog", **arguments)


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
    assert (record["amount"], record["trainings"]) == (4, 1)
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


def test_several_amounts_are_chosen_on_validation_and_one_is_tested(store, tmp_path):
    project = project_of(store, tmp_path, "segmentation")
    options = SynthesisOptions(label=label_of(project), amounts=(4, 2), train=QUICK)
    record = synthesize(project, options=options).record
    assert [c["images"] for c in record["candidates"]] == [2, 4]
    assert all(c["validation"] is not None for c in record["candidates"])
    assert record["chosen"] in {"2 images", "4 images"}
    assert record["trainings"] == 2


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


def cases(found, alarm=0):
    """Forty images of two classes and ten good ones, so many of each found."""
    there = np.zeros((50, 2), np.int64)
    there[:20, 0] = there[20:40, 1] = 1
    hit = np.zeros_like(there)
    hit[: found[0], 0] = 1
    hit[20 : 20 + found[1], 1] = 1
    good = np.arange(50) >= 40
    flags = good & (np.arange(50) < 40 + alarm)
    return ClassCases(("pit", "dent"), there, hit, flags, good)


def records(camera=lambda n: "cam1"):
    return [
        LabeledImage(
            ImageRecord(f"{n:064d}", 8, 8, "L", str(n), {"camera": camera(n)}), (), "test"
        )
        for n in range(50)
    ]


@pytest.mark.parametrize(
    ("after", "alarm", "kept", "why"),
    [
        ((15, 15), 0, True, "nothing is lost"),
        ((6, 15), 0, False, "more of pit is not clearly found"),
        ((2, 15), 0, False, "not clearly found"),
        ((15, 8), 0, False, "less of dent is found"),
        ((15, 15), 5, False, "more good images are called NG"),
    ],
)
def test_images_are_kept_only_if_they_help_and_harm_nothing(after, alarm, kept, why):
    found = compare_models(
        cases((5, 15)), cases(after, alarm), records(), label="pit", where={}
    )
    assert found is not None
    assert found.kept is kept
    assert why in found.why


def test_a_slice_is_judged_by_its_own_images_and_the_rest_is_a_side_effect():
    images = records(lambda n: "cam2" if n % 2 else "cam1")
    found = compare_models(
        cases((5, 15)), cases((15, 15)), images, label="pit", where={"camera": "cam2"}
    )
    assert found is not None
    assert found.target.cases == 10
    assert {c.name for c in found.others} == {"dent", "pit elsewhere"}
    nowhere = {"camera": "cam3"}
    assert (
        compare_models(cases((5, 15)), cases((6, 15)), images, label="pit", where=nowhere)
        is None
    )
