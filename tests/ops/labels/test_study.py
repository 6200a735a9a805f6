"""Studies: which images are chosen, how they are put before people, how answers come back."""

import csv
import json

import pytest
from PIL import Image

from pitmark.core.errors import (
    ConflictError,
    InvalidInputError,
    InvalidLabelError,
    NotEnoughDataError,
    NotFoundError,
)
from pitmark.core.labels import BoxShape, ImageClass
from pitmark.ops.labels.study_answers import AnswerSource, add_folder, add_labels
from pitmark.ops.labels.study_design import StudyOptions, design_study, study_of
from pitmark.ops.labels.study_sheet import LABEL_BOOK_FILE, write_sheet
from pitmark.store.db import open_store
from pitmark.store.findings import NewFinding
from tests.ops.people import project_of, study_in


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "factory", create=True) as opened:
        yield opened


@pytest.fixture
def classes(store):
    return project_of(store, "classification")


def table(folder, rows, header=("image", "label")):
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def test_a_study_is_kept_with_images_of_all_classes_and_an_order_for_everybody(classes):
    study = study_in(classes, count=16)
    assert (study.id, study.name, len(study.images)) == ("s1", "gauge", 16)
    assert set(study.strata) == {"good", "scratch", "dent", "pit mark"}
    assert max(study.strata.values()) - min(study.strata.values()) <= 2
    row = classes.studies.get("gauge")
    assert set(row.design["orders"]) == {"anna", "ben", "cy"}
    orders = [tuple(o) for by in row.design["orders"].values() for o in by]
    assert len(set(orders)) == 6
    assert study_of(classes, row) == study
    assert not study.complete
    json.dumps(study.to_json(), allow_nan=False)
    assert any("takes 189 on defective images" in s for s in study.sentences())


def test_doubtful_images_are_chosen_first(classes):
    records = classes.images.all()
    marked = records[5]
    doubt = NewFinding("wrong_class", marked.sha256, 0, 0.9, "Is it?", None)
    classes.findings.save([doubt], source="audit")
    parted = records[7]
    classes.annotations.add(
        parted.sha256, (ImageClass("good"),), labeler="ben", book_revision=1
    )
    study = study_in(classes, count=4)
    assert {marked.sha256, parted.sha256} <= set(study.images)
    assert study.hard == 2


def test_images_can_be_named(classes):
    names = ["part_003.png", "part_004.png"]
    study = study_in(classes, images=tuple(names))
    assert [classes.images.get(s).name for s in study.images] == [
        "part_003.png",
        "part_004.png",
    ]
    with pytest.raises(NotFoundError, match="no image 'x'"):
        study_in(classes, images=("x",))


@pytest.mark.parametrize(
    ("labelers", "repeats", "message"),
    [
        ((), 2, "found none"),
        (("a", "a"), 1, "different names"),
        (("a",), 1, "nothing to compare"),
    ],
)
def test_studies_that_compare_nothing_are_refused(classes, labelers, repeats, message):
    with pytest.raises(InvalidInputError, match=message):
        design_study(classes, StudyOptions(labelers, repeats=repeats), by="eva")


def test_a_sheet_is_blind_and_comes_back_by_its_content(classes, tmp_path):
    study = study_in(classes, count=8)
    out = tmp_path / "sheet"
    names = write_sheet(classes, "gauge", out, labeler="anna", trial=2)
    assert names == [f"{n:04d}.png" for n in range(1, 9)]
    assert {p.name for p in out.iterdir()} == {*names, LABEL_BOOK_FILE}
    assert "## pit mark" in (out / LABEL_BOOK_FILE).read_text()
    table(out, [(n, "dent") for n in names[:-1]])
    done = add_folder(classes, study.id, out, AnswerSource("anna", 2))
    assert (done.added, done.missing, done.strangers) == (7, {"anna": 1}, ())
    order = classes.studies.get("s1").design["orders"]["anna"][1]
    answered = {a.sha256 for a in classes.studies.answers("s1")}
    assert answered == {study.images[p] for p in order[:-1]}
    assert study_of(classes, classes.studies.get()).answered["anna"] == (0, 7)
    assert classes.annotations.labelers() == ["anna"]
    assert len(classes.annotations.history(study.images[0])) == 1


def test_images_that_a_tool_wrote_anew_are_known_by_the_number_of_the_sheet(classes, tmp_path):
    study = study_in(classes, count=6)
    out = tmp_path / "sheet"
    names = write_sheet(classes, study.id, out, labeler="ben")
    for name in names:
        with Image.open(out / name) as image:
            image.save(out / name.replace(".png", ".bmp"))
        (out / name).unlink()
    small = names[0].replace(".png", ".bmp")
    with Image.open(out / small) as image:
        image.resize((10, 10)).save(out / small)
    table(out, [(n.replace(".png", ".bmp"), "dent") for n in names])
    done = add_folder(classes, study.id, out, AnswerSource("ben", 1))
    assert (done.added, done.strangers) == (5, (small,))


def test_a_table_that_names_labelers_answers_for_all_of_them(classes, tmp_path):
    study = study_in(classes, repeats=1, count=4)
    out = tmp_path / "sheet"
    names = write_sheet(classes, study.id, out, labeler="anna")
    rows = [(n, "dent", who) for n in names for who in ("anna", "ben")]
    table(out, rows, ("image", "label", "labeler"))
    done = add_folder(classes, study.id, out, AnswerSource())
    assert done.by_labeler == {"anna": 4, "ben": 4}
    assert done.trial == 1


def test_labels_of_the_project_can_answer_a_study(classes):
    study = study_in(classes, repeats=1, count=5)
    with pytest.raises(NotEnoughDataError, match="ben labeled no image of study s1"):
        add_labels(classes, study.id, ["ben"])
    done = add_labels(classes, study.id, ["anna"])
    assert done.by_labeler == {"anna": 5}
    with pytest.raises(NotFoundError, match="no labeler 'dora'"):
        add_labels(classes, study.id, ["dora"])


def test_wrong_folders_get_one_clear_error_and_add_nothing(classes, tmp_path):
    study = study_in(classes, count=4)
    out = tmp_path / "sheet"
    names = write_sheet(classes, study.id, out, labeler="anna")
    with pytest.raises(NotEnoughDataError, match="answers no image of study s1"):
        add_folder(classes, study.id, out, AnswerSource("anna", 1))
    table(out, [(n, "dent") for n in names])
    with pytest.raises(InvalidInputError, match="not said which one") as caught:
        add_folder(classes, study.id, out, AnswerSource("anna"))
    assert "--trial" in caught.value.hint
    with pytest.raises(InvalidInputError, match="does not say who labeled it"):
        add_folder(classes, study.id, out, AnswerSource(None, 1))
    with pytest.raises(NotFoundError, match="no labeler 'dora'"):
        add_folder(classes, study.id, out, AnswerSource("dora", 1))
    with pytest.raises(NotFoundError, match="no trial 3"):
        add_folder(classes, study.id, out, AnswerSource("anna", 3))
    table(out, [(n, "blister") for n in names])
    with pytest.raises(InvalidLabelError, match=r"answer of anna on part_.*'blister'"):
        add_folder(classes, study.id, out, AnswerSource("anna", 1))
    assert classes.studies.answers(study.id) == []
    with pytest.raises(ConflictError, match="not empty"):
        write_sheet(classes, study.id, out, labeler="anna")


def test_a_corrected_folder_replaces_only_when_asked(classes, tmp_path):
    study = study_in(classes, count=4)
    out = tmp_path / "sheet"
    names = write_sheet(classes, study.id, out, labeler="anna")
    table(out, [(n, "dent") for n in names])
    add_folder(classes, study.id, out, AnswerSource("anna", 1))
    table(out, [(n, "scratch") for n in names])
    with pytest.raises(ConflictError, match="anna answered part_"):
        add_folder(classes, study.id, out, AnswerSource("anna", 1))
    done = add_folder(classes, study.id, out, AnswerSource("anna", 1, replace=True))
    assert done.added == 4


def test_boxes_come_back_from_a_sheet_too(store, tmp_path):
    project = project_of(store, "detection")
    study = study_in(project, repeats=1, count=4)
    out = tmp_path / "sheet"
    names = write_sheet(project, study.id, out, labeler="anna")
    header = ("image", "label", "x1", "y1", "x2", "y2")
    table(out, [(names[0], "dent", 1, 2, 30, 40), (names[1], "", "", "", "", "")], header)
    done = add_folder(project, study.id, out, AnswerSource("anna"))
    assert (done.added, done.missing) == (2, {"anna": 2})
    shapes = {a.shapes for a in project.studies.answers(study.id)}
    assert shapes == {(), (BoxShape("dent", (1.0, 2.0, 30.0, 40.0)),)}
