"""Consensus: proposed with confidence, taken over by a reviewer, final from then on."""

import json

import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError, InvalidLabelError, NotEnoughDataError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.labels import BoxShape, ImageClass, MaskShape, shape_mask
from pitmark.core.predictions import Prediction, predictions_to_bytes
from pitmark.core.preprocess import PreprocessSpec
from pitmark.ops.labels.consensus import (
    ConsensusOptions,
    apply_consensus,
    decide,
    propose_consensus,
)
from pitmark.ops.pages.html import consensus_html, write_consensus_page
from pitmark.store.db import open_store
from tests.ops.pages.test_html import read
from tests.ops.people import answer_all, label_all, project_of, study_in
from tests.ops.report_making import freeze


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "factory", create=True) as opened:
        yield opened


def proposed(project, study="gauge", **how):
    return propose_consensus(project, options=ConsensusOptions(study=study, **how))


def answered(store, task, people, count=20, **how):
    project = project_of(store, task, count)
    study = study_in(project, tuple(people), count=count, **how)
    answer_all(project, study, people)
    return project


def test_two_careful_people_outvote_a_careless_one(store):
    people = {"anna": {}, "ben": {}, "cy": {"slip": 0.7}}
    project = answered(store, "classification", people, repeats=1)
    found = proposed(project)
    assert found.method == "dawid-skene"
    held = project.annotations.consensus()
    assert all(p.shapes == held[p.sha256].shapes for p in found.proposals)
    assert not any(p.changes for p in found.proposals)
    right = {s.labeler: s.right for s in found.skills}
    assert right["anna"] > right["cy"]
    assert all(0 < p.confidence <= 1 for p in found.proposals)
    assert found.proposals[0].confidence <= found.proposals[-1].confidence
    json.dumps(found.to_json(), allow_nan=False)


def test_two_people_are_joined_by_majority_unless_asked_otherwise(store):
    project = answered(store, "classification", {"anna": {}, "ben": {"slip": 0.5}}, repeats=1)
    found = proposed(project)
    assert (found.method, found.skills) == ("majority", ())
    assert found.proposals[0].confidence == pytest.approx(0.5)
    learned = proposed(project, method="dawid-skene")
    assert "hardly tell who of them is right" in learned.notes[0]


def test_a_model_is_one_more_voter(store):
    project = answered(store, "classification", {"anna": {}, "ben": {"slip": 0.9}}, repeats=1)
    with pytest.raises(NotEnoughDataError, match="no out-of-fold predictions"):
        proposed(project, method="model")
    held = project.annotations.consensus()
    names = project.book.current().names
    said = {}
    for sha, row in held.items():
        probs = np.full(len(names), 0.02, dtype=np.float32)
        probs[names.index(row.shapes[0].label)] = 0.94
        said[sha] = Prediction((160, 120), 0.5, class_probs=probs)
    info = freeze(project)
    run = project.runs.create("folds", info.id, {}, 0)
    spec = InspectorSpec("classification", names, PreprocessSpec((64, 64)))
    blob = project.blobs.put(predictions_to_bytes(said))
    project.runs.save_predictions(run.id, info.id, "oof", blob)
    project.runs.finish(run.id, metrics={}, inspector=spec.to_json(), artifacts={})
    found = proposed(project)
    assert found.method == "model-aware"
    assert run.id in found.notes[0]
    alone = proposed(project, method="majority")

    def right(proposals):
        return sum(p.shapes == held[p.sha256].shapes for p in proposals.proposals)

    assert right(found) > right(alone)


def test_boxes_are_merged_where_a_quorum_saw_them(store):
    people = {"anna": {"shift": (-1.0, 0, 0, 0)}, "ben": {"shift": (1.0, 0, 0, 0)}, "cy": {}}
    project = answered(store, "detection", people, repeats=1)
    found = proposed(project)
    held = project.annotations.consensus()
    for one in found.proposals:
        true = held[one.sha256].shapes
        assert [s.label for s in one.shapes] == [s.label for s in true]
        for shape, wanted in zip(one.shapes, true, strict=True):
            assert np.abs(np.subtract(shape.box_xyxy, wanted.box_xyxy)).max() < 0.5
    assert all(s.sensitivity > 0.8 for s in found.skills)
    lonely = answered(
        open_other(store), "detection", {"anna": {}, "ben": {"slip": 1}, "cy": {"slip": 1}}
    )
    none = proposed(lonely)
    assert all(p.shapes == () for p in none.proposals)
    assert any("seen by too few" in p.why for p in none.proposals)
    some = proposed(lonely, quorum=0.3)
    assert any(p.shapes for p in some.proposals)


def open_other(store):
    """The same workspace; projects are told apart by their task and names."""
    store.project("casings detection").images.count()
    return _Renamed(store)


class _Renamed:
    def __init__(self, store):
        self._store = store

    def create_project(self, name, task, book):
        return self._store.create_project(f"{name} again", task, book)


def test_masks_are_joined_by_staple_or_by_vote(store):
    people = {"anna": {}, "ben": {"shift": (-4.0, 0, 0, 0)}, "cy": {}}
    project = answered(store, "segmentation", people, count=12, repeats=1)
    held = project.annotations.consensus()
    for how in ("auto", "majority"):
        found = proposed(project, method=how)
        for one in found.proposals:
            for shape, wanted in zip(one.shapes, held[one.sha256].shapes, strict=True):
                assert isinstance(shape, MaskShape)
                size = (160, 120)
                assert (shape_mask(shape, size) == shape_mask(wanted, size)).all()
    staple = {s.labeler: s for s in proposed(project).skills}
    assert staple["ben"].specificity < staple["anna"].specificity


def test_methods_for_other_labels_are_refused(store):
    project = answered(store, "detection", {"anna": {}, "ben": {}}, count=6)
    with pytest.raises(InvalidInputError, match="'staple' finds no consensus of boxes"):
        proposed(project, method="staple")


def test_one_person_is_no_consensus(store):
    project = answered(store, "classification", {"anna": {}}, repeats=2)
    with pytest.raises(NotEnoughDataError, match="only anna answered"):
        proposed(project)


def test_nothing_marked_by_anybody_has_no_confidence_and_is_not_applied(store):
    people = {"anna": {"slip": 1}, "ben": {"slip": 1}}
    project = answered(store, "detection", people, count=6, repeats=1)
    found = proposed(project)
    assert {p.confidence for p in found.proposals} == {None}
    done = apply_consensus(project, found, by="eva")
    assert (len(done.written), done.too_uncertain) == (0, 6)


def test_applying_writes_reviews_with_author_and_reason_and_they_are_final(store):
    project = project_of(store, "classification")
    label_all(project, {"ben": {}, "cy": {"slip": 0.5}})
    found = proposed(project, study=None)
    done = apply_consensus(project, found, by="eva", least_confidence=0.9, reason="meeting")
    assert done.written
    row = done.written[0]
    assert (row.labeler, row.review) == ("eva", True)
    assert row.reason.startswith("meeting (consensus of anna, ben, cy by dawid-skene")
    assert project.annotations.consensus([row.sha256])[row.sha256].id == row.id
    assert project.audit.entries()[0].action == "apply_consensus"
    label_all(project, {"dora": {"slip": 1.0}, "finn": {"slip": 1.0}})
    again = apply_consensus(project, proposed(project, study=None), by="tom")
    assert again.settled_before == len(done.written)
    assert project.annotations.consensus([row.sha256])[row.sha256].id == row.id
    last = proposed(project, study=None).proposals[-1]
    assert last.settled_by is not None


def test_a_named_image_is_taken_whatever_its_confidence(store):
    people = {"anna": {}, "ben": {"slip": 0.5}}
    project = answered(store, "classification", people, repeats=1)
    found = proposed(project)
    doubtful = found.proposals[0]
    done = apply_consensus(project, found, by="eva", images=[doubtful.image])
    assert [r.sha256 for r in done.written] == [doubtful.sha256]
    with pytest.raises(InvalidInputError, match="a reviewer and a confidence"):
        apply_consensus(project, found, by=" ")
    study = project.studies.get()
    outside = [r for r in project.images.all() if r.sha256 not in study.design["images"]]
    assert not outside


def test_a_reviewer_decides_otherwise_and_the_latest_decision_holds(store):
    project = project_of(store, "detection", 6)
    name = "part_001.png"
    row = decide(project, name, (BoxShape("dent", (1, 2, 9, 9)),), by="eva", reason="looked")
    assert (row.review, row.reason) == (True, "looked")
    later = decide(project, name, (), by="tom", reason="dust")
    assert project.annotations.consensus([row.sha256])[row.sha256].id == later.id
    with pytest.raises(InvalidInputError, match="needs a reviewer and a reason"):
        decide(project, name, (), by="tom", reason="")
    with pytest.raises(InvalidLabelError, match="no class 'x'"):
        decide(project, name, (ImageClass("x"),), by="tom", reason="why")


@pytest.mark.parametrize("task", ["classification", "detection", "segmentation"])
def test_proposals_are_shown_beside_what_everybody_said(store, task, tmp_path):
    people = {"anna": {}, "ben": {"slip": 0.4}}
    project = answered(store, task, people, count=6, repeats=1)
    found = proposed(project)
    path = tmp_path / "consensus.html"
    write_consensus_page(project, found, path)
    page = read(path.read_text(encoding="utf-8"))
    assert page.count("article") == 6
    assert page.count("img") == 18
    assert "together" in page.text
    assert read(consensus_html(project, found)).count("img") == 18
