"""Weak slices of real runs: found over all tasks, told in words, shown with pictures."""

import pytest

from pitmark.core.errors import InvalidInputError, NotEnoughDataError, NotFoundError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.label_book import LabelBook
from pitmark.core.progress import silent
from pitmark.core.records import ImageRecord
from pitmark.ops.data.slice_cases import Case, columns_of_cases
from pitmark.ops.data.slicing import SliceQuestion, find_weak_slices, slices_of
from pitmark.ops.models.training import held_out_predictions
from pitmark.ops.pages.slices import slice_sections
from pitmark.store.db import open_store
from pitmark.workspace.data import Data
from tests.ops.pages.test_html import read
from tests.ops.weak_runs import WEAK, weak_run


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "factory", create=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def casings(tmp_path_factory):
    """A classification project that no test changes."""
    with open_store(tmp_path_factory.mktemp("one") / "factory", create=True) as opened:
        yield weak_run(opened, "classification")


FAST = SliceQuestion(looks=False)


@pytest.mark.parametrize("task", ["detection", "segmentation", "anomaly"])
def test_the_weak_camera_is_found_whatever_the_task(store, task):
    project = weak_run(store, task)
    found = slices_of(project, question=FAST)
    assert found.unit == ("labeled objects" if task == "detection" else "images")
    best = found.confirmed[0]
    assert best.rule == (("camera", WEAK),)
    assert best.rate > 0.5 > best.rate_outside
    assert f"Camera {WEAK}:" in "\n".join(found.sentences())


def test_graded_losses_find_it_too(casings):
    found = slices_of(casings, question=SliceQuestion(loss="graded", looks=False))
    assert found.confirmed[0].rule == (("camera", WEAK),)
    assert "mean loss" in found.confirmed[0].sentence()


def test_an_audit_gets_the_confirmed_slices(store):
    project = weak_run(store, "detection")
    row = project.runs.get("latest")
    _, images = project.snapshots.load(row.snapshot_id)
    told = find_weak_slices(
        InspectorSpec.from_json(row.inspector),
        images,
        held_out_predictions(project, row),
        book=project.book.current(),
    )
    assert told[0].rule == (("camera", WEAK),)
    assert all(s.confirmed for s in told)
    assert (
        find_weak_slices(
            InspectorSpec.from_json(row.inspector), images, {}, book=project.book.current()
        )
        == []
    )


def test_looks_and_measures_are_searched_and_examples_are_shown(store):
    pytest.importorskip("torch")
    project = weak_run(store, "detection", count=120)
    found = Data(project).slices()
    assert found.report.confirmed[0].rule == (("camera", WEAK),)
    failing, passing = found.report.examples[0]
    assert failing
    for number in (*failing, *passing):
        case = found.report.cases[number]
        assert case.image.metadata["camera"] == WEAK
        assert case.loss == (1.0 if number in failing else 0.0)
    told = found.to_json()["slices"][0]
    assert told["failing"][0]["shape"] == 0
    (heading, html), *_ = slice_sections(project, found.report)
    page = read(html)
    assert heading == "Weak slices"
    assert page.count("img") == len(failing) + len(passing)
    assert "that the search had not seen" in page.text


def test_groups_of_people_are_compared_by_escapes_and_overkill(casings):
    asked = SliceQuestion(looks=False, protect=("camera",))
    found = slices_of(casings, question=asked)
    worse = {(r.rate, r.value) for r in found.rates if r.unequal}
    assert worse == {("escapes", WEAK), ("overkill", WEAK)}
    headings = [heading for heading, _ in slice_sections(casings, found)]
    assert headings[-1] == "Escapes and overkill by group"


def test_what_cannot_be_answered_is_said(store, casings):
    with pytest.raises(InvalidInputError, match="no image has metadata named 'sex'") as told:
        slices_of(casings, question=SliceQuestion(looks=False, protect=("sex",)))
    assert "camera" in told.value.hint
    with pytest.raises(NotFoundError):
        slices_of(casings, question=SliceQuestion(run="r99"))
    empty = store.create_project("empty", "detection", LabelBook())
    with pytest.raises(NotEnoughDataError, match="no model has judged any image yet"):
        slices_of(empty)
    few = weak_run(store, "segmentation", count=30)
    with pytest.raises(NotEnoughDataError, match=r"30 images of run .* are too few"):
        slices_of(few)


def test_times_become_hours_and_weekdays_and_bookkeeping_is_left_out():
    image = ImageRecord(
        "0" * 64,
        8,
        8,
        "L",
        "a.png",
        {"taken": "2026-03-02T14:30:00", "split": "test", "lot": 7},
    )
    columns = columns_of_cases([Case(image, None, None, "good", 0.0)], None, silent)
    assert columns["hour of taken"] == [14.5]
    assert columns["weekday of taken"] == ["Monday"]
    assert "split" not in columns
    assert columns["lot"] == [7]
