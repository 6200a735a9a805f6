"""The loop with references: import, train, judge, release, inspect."""

import json

import numpy as np
import pytest
from PIL import Image

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.label_book import LabelBook
from pitmark.core.records import references_of
from pitmark.edge.bundle_file import read_bundle
from pitmark.edge.runtime import EdgeInspector
from pitmark.ops.data.auditing import audit
from pitmark.ops.images.exporting import export_folder
from pitmark.ops.images.importing import ImportOptions, import_folder
from pitmark.ops.images.pixels import pixel_loader
from pitmark.ops.images.snapshots import SplitPlan, take_snapshot
from pitmark.ops.line.releasing import release
from pitmark.ops.models.evaluating import Costs
from pitmark.ops.models.inspecting import WatchOptions, predict
from pitmark.ops.models.reports import evaluate
from pitmark.ops.models.train_options import TrainOptions
from pitmark.ops.models.training import load_model, train
from pitmark.ops.pages.html import report_html
from pitmark.store.db import open_store
from tests.ops.toys import QUICK, QUICK_AUDIT, pair_folder

RULE = "{name}_ref"


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """A project of pairs with one trained run and its bundle."""
    root = tmp_path_factory.mktemp("pairs")
    with open_store(root / "home", create=True) as store:
        project = store.create_project("parts", "detection", LabelBook())
        folder = pair_folder(root / "in", count=20)
        import_folder(project, folder, options=ImportOptions(reference=RULE))
        take_snapshot(project)
        train(project, options=QUICK)
        made = release(project, root / "x.pitmark")
        yield project, folder / "images", made


@pytest.fixture
def project(tmp_path):
    with open_store(tmp_path / "home", create=True) as store:
        yield store.create_project("parts", "detection", LabelBook())


def test_references_are_kept_and_are_no_images(compared):
    project, _, _ = compared
    assert project.info.images == project.info.labeled == 20
    records = project.images.all()
    assert not any(r.name.endswith("_ref.png") for r in records)
    load = pixel_loader(project)
    assert all(load(r.sha256).shape == load(r.reference).shape for r in records)
    _, images = project.snapshots.load("latest")
    assert len(images) == len(references_of(images)) == 20


def test_a_run_compares_without_being_asked_and_says_so(compared):
    project, _, _ = compared
    run = project.runs.get("latest")
    assert run.inspector["reference"] is True
    report = evaluate(project)
    said = {"used": True, "sentence": "Every image is compared with its reference image."}
    assert report.content["reference"] == said
    assert "each compared with its reference image" in report_html(project, report)
    assert evaluate(project, costs=Costs(5, 1)).content["reference"] == said


def test_the_bundle_compares_like_the_model_and_carries_golden_references(compared):
    project, _, made = compared
    assert made.reference
    assert made.row.gate["fp32"]["ok"]
    assert read_bundle(made.path).manifest.format_version == 2
    inspector = EdgeInspector.open(made.path, precision="fp32", threads=1)
    model, load = load_model(project, project.runs.get("latest")), pixel_loader(project)
    for record in project.images.all()[:4]:
        pair = load(record.sha256), load(record.reference)
        assert inspector.predict(*pair).score == pytest.approx(
            model.predict(*pair).score, abs=1e-3
        )


def test_a_folder_is_inspected_with_the_rule_and_without_it_nothing_is_ok(compared, tmp_path):
    _, folder, made = compared
    log = tmp_path / "log"
    done = predict(made.path, folder, options=WatchOptions(reference=RULE, log=log))
    assert (done.images, done.outcomes.get("error", 0), done.reference) == (20, 0, True)
    assert done.to_json()["reference"] is True
    bare = predict(made.path, folder, options=WatchOptions(log=log))
    assert bare.outcomes == {"error": 40}
    last = json.loads(log.read_text().splitlines()[-1])
    assert "compares with a reference image, and none was given" in last["verdict"]["reason"]


def test_references_can_be_forbidden(compared):
    project, _, _ = compared
    run = train(project, options=TrainOptions(preset="fast", quick=True, side_px=64))
    assert "reference" not in run.inspector
    plain = TrainOptions(preset="fast", image_steps=16, side_px=64, threads=1, reference=False)
    run = train(project, options=plain)
    assert "reference" not in run.inspector
    sentence = evaluate(project).content["reference"]["sentence"]
    assert sentence == "Nothing is compared with references, although every image has one."


def test_an_audit_compares_too(compared):
    project, _, _ = compared
    summary = audit(project, options=QUICK_AUDIT)
    assert summary.images == 20
    folds = next(r for r in project.runs.list() if r.kind == "folds")
    assert folds.inspector["reference"] is True


def test_an_export_says_that_references_were_left_out(compared, tmp_path):
    project, _, _ = compared
    done = export_folder(project, tmp_path / "out", format="coco")
    assert "20 x reference images were left out" in done.lost


def test_a_missing_reference_stops_the_import_before_anything_is_taken(project, tmp_path):
    folder = pair_folder(tmp_path / "in", count=6)
    for index in (2, 4):
        (folder / "images" / f"part{index:03d}_ref.png").unlink()
    match = r"2 of 6 images have no reference \(first: images/part002.png, looked for part002"
    with pytest.raises(InvalidInputError, match=match):
        import_folder(project, folder, options=ImportOptions(reference=RULE))
    assert project.images.count() == 0


def test_a_reference_that_does_not_fit_leaves_its_image_out_and_is_named(project, tmp_path):
    folder = pair_folder(tmp_path / "in", count=6) / "images"
    Image.fromarray(np.zeros((10, 20), np.uint8)).save(folder / "part001_ref.png")
    (folder / "part002_ref.png").write_bytes(b"no image")
    Image.fromarray(np.zeros((48, 64), np.uint16)).save(folder / "part003_ref.png")
    done = import_folder(project, folder.parent, options=ImportOptions(reference=RULE))
    assert (done.added, done.compared) == (3, 3)
    why = {p.name: p.reason for p in done.problems}
    assert (
        "part001_ref.png has 20x10 pixels of 8 bits, the image 64x48"
        in (why["images/part001.png"])
    )
    assert "its reference part002_ref.png" in why["images/part002.png"]
    assert "64x48 pixels of 16 bits" in why["images/part003.png"]


def test_references_can_be_given_later_and_templates_stop_being_images(project, tmp_path):
    folder = pair_folder(tmp_path / "in", count=6)
    import_folder(project, folder)
    first = take_snapshot(project)
    # Three of the references have the very bytes of a good part.
    assert project.images.count() == 9
    again = import_folder(project, folder, options=ImportOptions(reference=RULE))
    assert (again.added, again.known, again.compared) == (0, 6, 6)
    assert project.images.count() == 6
    second = take_snapshot(project)
    assert first.id != second.id
    assert not references_of(project.snapshots.load(first.id)[1])


def test_images_without_reference_among_others_are_said_before_training(project, tmp_path):
    folder = pair_folder(tmp_path / "in", count=12)
    import_folder(project, folder, options=ImportOptions(reference=RULE))
    pixels = np.random.default_rng(9).integers(0, 99, (48, 64), dtype=np.uint8)
    (tmp_path / "more" / "images").mkdir(parents=True)
    (tmp_path / "more" / "labels").mkdir()
    (tmp_path / "more" / "data.yaml").write_text("names: [dent]\n")
    Image.fromarray(pixels).save(tmp_path / "more" / "images" / "late.png")
    (tmp_path / "more" / "labels" / "late.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    import_folder(project, tmp_path / "more")
    for seed in range(20):
        info = take_snapshot(project, plan=SplitPlan(train=8, val=2, seed=seed))
        _, images = project.snapshots.load(info.id)
        late = next(i for i in images if i.image.name == "images/late.png")
        if late.split != "train":
            break
    with pytest.raises(NotEnoughDataError, match=r"1 of 13 images have none .*late\.png"):
        train(project, options=QUICK)
