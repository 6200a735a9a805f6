"""Thresholds of a model in closed form are chosen on all images that were judged unseen."""

import json
from dataclasses import replace

import pytest

from pitmark.core.inspector import InspectorSpec
from pitmark.core.label_book import LabelBook
from pitmark.ops.images.importing import import_folder
from pitmark.ops.images.pixels import pixel_loader
from pitmark.ops.images.snapshots import take_snapshot
from pitmark.ops.models.train_options import RetrainOptions, TrainOptions, settings_of
from pitmark.ops.models.training import REPORT, held_out_predictions, train
from pitmark.ops.models.unseen import can_be_left_out, judged_unseen
from pitmark.store.db import open_store
from tests.ops.toys import class_folder

EFFORT = {"preset": "fast", "quick": True, "side_px": 64, "threads": 1}
HOW = TrainOptions(**EFFORT)


@pytest.fixture
def project(tmp_path):
    with open_store(tmp_path / "home", create=True) as store:
        made = store.create_project("parts", "classification", LabelBook())
        import_folder(made, class_folder(tmp_path / "in", count=36))
        take_snapshot(made)
        yield made


def test_every_training_image_is_judged_by_a_model_that_has_not_seen_it(project, tmp_path):
    plain = train(project, options=HOW)
    wide = train(project, options=RetrainOptions(**EFFORT))
    _, images = project.snapshots.load()
    learned = {i.image.sha256 for i in images if i.split == "train"}
    held = {i.image.sha256 for i in images if i.split == "val"}
    few, all_ = (
        json.loads(project.blobs.read(r.artifacts[REPORT]))["choice"]["images"]
        for r in (plain, wide)
    )
    assert (few, all_) == (len(held), len(held) + len(learned))
    # What is kept of the run is of images that it has not learned from, as ever.
    assert not learned & set(held_out_predictions(project, wide))
    assert wide.metrics["AUROC"] == plain.metrics["AUROC"]
    spec = InspectorSpec.from_json(plain.inspector)
    settings = settings_of(project, images, HOW)
    load = pixel_loader(project)
    one = judged_unseen(images, load, spec, settings, work=tmp_path, report=lambda _: None)
    assert set(one) == learned
    # Turned around, the label of an image says nothing to the model that judges it.
    first = next(i for i in images if i.split == "train")
    other = "good" if first.shapes[0].label == "dent" else "dent"
    turned = [
        replace(i, shapes=(replace(i.shapes[0], label=other),)) if i is first else i
        for i in images
    ]
    two = judged_unseen(turned, load, spec, settings, work=tmp_path, report=lambda _: None)
    sha = first.image.sha256
    assert two[sha].score == pytest.approx(one[sha].score, abs=0.25)


def test_where_images_cannot_be_parted_nothing_is_judged(project, tmp_path):
    spec = InspectorSpec.from_json(train(project, options=HOW).inspector)
    _, images = project.snapshots.load()
    settings = settings_of(project, images, HOW)
    together = [replace(i, image=replace(i.image, group="one")) for i in images]
    found = judged_unseen(
        together,
        pixel_loader(project),
        spec,
        settings,
        work=tmp_path,
        report=lambda _: None,
    )
    assert found == {}


def test_only_classification_in_closed_form_is_made_again(project):
    spec = InspectorSpec.from_json(train(project, options=HOW).inspector)
    assert can_be_left_out(spec, {}, quick=True)
    assert can_be_left_out(spec, {"kept": "closed form"}, quick=False)
    assert not can_be_left_out(spec, {"kept": "trained"}, quick=False)
    assert not can_be_left_out(replace(spec, reference=True), {}, quick=True)
