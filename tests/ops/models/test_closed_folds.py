"""Large sets of classified images are audited in closed form, and their vectors are kept."""

import numpy as np
import pytest

from pitmark.core.errors import NotEnoughDataError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.labels import ImageClass
from pitmark.core.preprocess import PreprocessSpec
from pitmark.core.progress import silent
from pitmark.core.records import ImageRecord, LabeledImage
from pitmark.ops.data.auditing import audit
from pitmark.ops.labels.finding_order import queue
from pitmark.ops.models import closed_folds
from pitmark.ops.models.closed_folds import (
    VECTORS,
    described,
    predict_in_closed_form,
    vectors_of,
)
from pitmark.ops.models.out_of_fold import AuditOptions
from pitmark.store.db import open_store
from tests.ops.labels.test_inconsistency import filled
from tests.ops.report_making import freeze

SPEC = InspectorSpec(
    "classification", ("dent", "scratch"), PreprocessSpec((64, 64), overlap_px=0)
)


def labeled_by_look(number, who):
    """Image 7 is labeled wrong; all others by what they show."""
    odd = bool(number % 2) != (number == 7)
    return (ImageClass("dent" if odd else "scratch"),)


@pytest.fixture
def project(tmp_path):
    with open_store(tmp_path / "home", create=True) as store:
        made, _ = filled(store, "classification", count=60, shapes_of=labeled_by_look)
        yield made


def test_a_large_set_is_audited_in_closed_form_and_the_wrong_label_comes_first(
    project, monkeypatch
):
    monkeypatch.setattr(closed_folds, "MANY_IMAGES", 50)
    freeze(project)
    audit(project, options=AuditOptions(threads=1))
    (run,) = project.runs.list(kind="folds")
    assert VECTORS in run.artifacts
    assert len(vectors_of(project, run)) == 60
    wrong = {r.sha256: r.name for r in project.images.iterate()}
    first = queue(project, kind="wrong_class")[0]
    assert wrong[first.sha256] == "part007.png"


def test_after_labels_were_corrected_nothing_is_described_again(project, monkeypatch):
    monkeypatch.setattr(closed_folds, "MANY_IMAGES", 50)
    freeze(project)
    audit(project, options=AuditOptions(threads=1))
    sha = queue(project, kind="wrong_class")[0].sha256
    project.annotations.add(
        sha, (ImageClass("dent"),), labeler="chief", book_revision=1, review=True
    )
    freeze(project)
    stages = []
    audit(
        project,
        options=AuditOptions(threads=1),
        report=lambda told: stages.append(told.stage),
    )
    assert "describe" not in stages
    assert not [f for f in queue(project, kind="wrong_class") if f.sha256 == sha]


def test_vectors_read_back_are_those_that_were_computed(project, monkeypatch):
    monkeypatch.setattr(closed_folds, "MANY_IMAGES", 50)
    info = freeze(project)
    _, images = project.snapshots.load(info.id)
    fresh = described(project, images, SPEC, 1, silent)
    made = closed_folds.vectors_to_bytes(fresh)
    run = project.runs.create("folds", info.id, {}, 0)
    artifacts = {VECTORS: project.blobs.put(made)}
    done = project.runs.finish(
        run.id, metrics={}, inspector=SPEC.to_json(), artifacts=artifacts
    )
    kept = vectors_of(project, done)
    assert all((kept[sha] == row).all() for sha, row in fresh.items())


def test_images_of_one_part_cannot_be_held_out():
    images = [
        LabeledImage(
            ImageRecord(f"{n:064d}", 8, 8, "L", f"{n}.png", group="one"),
            (ImageClass("dent" if n % 2 else "scratch"),),
            "train",
        )
        for n in range(4)
    ]
    vectors = {i.image.sha256: np.ones(1032, np.float32) for i in images}
    with pytest.raises(NotEnoughDataError, match="at least two groups, found 4 images of one"):
        predict_in_closed_form(images, vectors, SPEC, folds=3, seed=0)
