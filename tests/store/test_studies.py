import pytest

from pitmark.core.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    StorageError,
)
from pitmark.store.studies import NewAnswer
from tests.store.making import add_images, box


@pytest.fixture
def study(project):
    shas = add_images(project, ["a", "b"])
    return project.studies.create("gauge", {"images": shas, "repeats": 2}, author="eva")


def answer(study, place=0, labeler="anna", trial=1, shapes=None, **how):
    said = [box()] if shapes is None else shapes
    return NewAnswer(study.design["images"][place], labeler, trial, said, **how)


def test_a_study_is_found_by_id_by_name_and_as_the_latest(project, study):
    other = project.studies.create("", {"images": []}, author="eva")
    assert (study.id, other.id) == ("s1", "s2")
    assert project.studies.get("gauge") == project.studies.get("s1") == study
    assert project.studies.get() == other
    with pytest.raises(NotFoundError, match="no study 's9'") as caught:
        project.studies.get("s9")
    assert caught.value.hint == "Studies: s1 (gauge), s2."


def test_without_any_study_the_error_says_how_to_begin_one(project):
    with pytest.raises(NotFoundError, match="no study yet") as caught:
        project.studies.get()
    assert "pitmark agreement design" in caught.value.hint


def test_answers_stay_apart_from_the_labels_of_the_project(project, study):
    assert project.studies.add_answers("s1", [answer(study, source="sheet")]) == 1
    (row,) = project.studies.answers("s1")
    assert (row.labeler, row.trial, row.revision, row.source) == ("anna", 1, 1, "sheet")
    assert row.shapes == (box(),)
    assert project.annotations.consensus() == {}
    assert project.annotations.labelers() == []


def test_saying_the_same_again_adds_nothing(project, study):
    project.studies.add_answers("s1", [answer(study)])
    assert project.studies.add_answers("s1", [answer(study), answer(study, 1)]) == 1
    assert len(project.studies.answers("s1")) == 2


def test_another_answer_is_refused_unless_it_is_to_be_replaced(project, study):
    project.studies.add_answers("s1", [answer(study)])
    changed = answer(study, shapes=[])
    with pytest.raises(ConflictError, match="anna answered a differently in trial 1"):
        project.studies.add_answers("s1", [answer(study, 1), changed])
    assert len(project.studies.answers("s1")) == 1
    assert project.studies.add_answers("s1", [changed], replace=True) == 1
    (row,) = project.studies.answers("s1")
    assert (row.revision, row.shapes) == (2, ())


def test_one_image_twice_in_one_trial_is_refused(project, study):
    with pytest.raises(InvalidInputError, match=r"anna answers image .* twice in trial 1"):
        project.studies.add_answers("s1", [answer(study), answer(study, shapes=[])])


def test_answers_and_studies_are_never_changed_or_removed(project, study, store):
    project.studies.add_answers("s1", [answer(study)])
    for statement in (
        "UPDATE study_answers SET trial = 2",
        "DELETE FROM study_answers",
        "UPDATE studies SET name = 'x'",
        "DELETE FROM studies",
    ):
        with (
            pytest.raises(StorageError, match="are never"),
            store.database.write() as connection,
        ):
            connection.exec_driver_sql(statement)
