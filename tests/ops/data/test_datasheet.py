import csv
import hashlib
import json

import pytest

from pitmark.core.errors import InvalidInputError, NotFoundError
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import ImageClass
from pitmark.ops.data.croissant import DESCRIPTION, TABLE, write_croissant
from pitmark.ops.data.datasheet import KEYS, make_datasheet, read_answers
from pitmark.ops.images.importing import ImportOptions, import_folder
from pitmark.ops.images.snapshots import take_snapshot
from pitmark.ops.labels.labeling import annotate
from pitmark.ops.pages.datasheet import datasheet_markdown, datasheet_sections
from pitmark.store.db import open_store
from tests.ops.toys import class_folder


@pytest.fixture
def project(tmp_path):
    with open_store(tmp_path / "home", create=True) as store:
        made = store.create_project("parts", "classification", LabelBook())
        options = ImportOptions(pattern="{camera}_{part}_{n}", group_by=("part",))
        import_folder(made, class_folder(tmp_path / "in", count=24), options=options)
        take_snapshot(made)
        yield made


def test_what_the_project_knows_is_counted_from_the_snapshot(project):
    facts = make_datasheet(project).facts
    it = facts["composition"]
    assert (it["images"], it["labeled"], it["groups"]["count"]) == (24, 24, 12)
    by_class = {row["class"]: sum(row["images"].values()) for row in it["classes"]}
    assert by_class == {"good": 12, "dent": 12}
    assert sum(it["splits"].values()) == 24
    camera = next(c for c in facts["metadata"] if c["name"] == "camera")
    assert sum(camera["counts"].values()) == 24
    assert facts["collection"]["sources"] == [{"name": "in", "images": 24}]


def test_a_datasheet_tells_of_its_snapshot_and_not_of_what_came_later(project):
    first = project.snapshots.info().id
    image = next(r for r in project.images.all() if r.name.startswith("good/"))
    annotate(project, image.name, (ImageClass("dent"),), labeler="eva")
    annotate(project, image.name, (ImageClass("dent"),), labeler="ida")
    take_snapshot(project)
    counts = [
        {r["class"]: sum(r["images"].values()) for r in sheet.facts["composition"]["classes"]}
        for sheet in (make_datasheet(project, snapshot=first), make_datasheet(project))
    ]
    assert counts == [{"good": 12, "dent": 12}, {"good": 11, "dent": 13}]


def test_answers_are_kept_for_later_datasheets_and_can_be_taken_back(project):
    blank = {q.key for q in make_datasheet(project).blanks}
    assert "purpose" in blank
    assert "classes" not in blank
    make_datasheet(project, answers={"purpose": "Dents on casings.", "contents": "Casings."})
    kept = make_datasheet(project)
    assert kept.paragraphs("purpose") == ["Dents on casings."]
    assert kept.paragraphs("contents")[0] == "Casings."
    assert len(kept.paragraphs("contents")) > 1
    assert {q.key for q in kept.blanks} == blank - {"purpose"}
    again = make_datasheet(project, answers={"purpose": ""})
    assert {q.key for q in again.blanks} == blank


def test_every_question_is_on_the_page_and_in_the_text_with_harmless_answers(project):
    sheet = make_datasheet(project, answers={"purpose": "<script>alert(1)</script>"})
    html = "".join(part for _, part in datasheet_sections(sheet))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert html.count("<h3>") == len(KEYS)
    assert datasheet_markdown(sheet).count("**") == 2 * len(KEYS)


def test_the_croissant_describes_the_table_that_lies_beside_it(project, tmp_path):
    sheet = make_datasheet(project, answers={"license": "CC0", "creators": "A factory"})
    write_croissant(project, sheet, tmp_path / "out")
    told = json.loads((tmp_path / "out" / DESCRIPTION).read_text(encoding="utf-8"))
    data = (tmp_path / "out" / TABLE).read_bytes()
    assert told["distribution"][0]["sha256"] == hashlib.sha256(data).hexdigest()
    assert (told["license"], told["creator"]["name"]) == ("CC0", "A factory")
    assert told["rai:annotationsPerItem"] == "1 on 24 images"
    rows = list(csv.DictReader(data.decode().splitlines()))
    names = [f["source"]["extract"]["column"] for f in told["recordSet"][0]["field"]]
    assert list(rows[0]) == names
    assert {r["sha256"] for r in rows} == {r.sha256 for r in project.images.all()}
    assert {json.loads(r["labels"])[0]["label"] for r in rows} == {"good", "dent"}
    # The same snapshot is the same table, byte for byte.
    write_croissant(project, make_datasheet(project), tmp_path / "again")
    assert (tmp_path / "again" / TABLE).read_bytes() == data


def test_an_unknown_question_is_refused_and_nothing_is_kept(project):
    with pytest.raises(InvalidInputError, match="no question 'color'"):
        make_datasheet(project, answers={"color": "blue"})
    assert project.runs.list(kind="datasheet") == []


def test_answers_come_from_a_file_and_from_lines(tmp_path):
    file = tmp_path / "answers.json"
    file.write_text(json.dumps({"purpose": "a", "people": "No."}))
    found = read_answers(file, ["purpose=b = c"])
    assert found == {"purpose": "b = c", "people": "No."}
    with pytest.raises(InvalidInputError, match="names no question"):
        read_answers(None, ["purpose"])
    file.write_text("[1")
    with pytest.raises(InvalidInputError, match="no JSON object"):
        read_answers(file, [])
    file.write_text("[1, 2]")
    with pytest.raises(InvalidInputError, match="no JSON object"):
        read_answers(file, [])
    with pytest.raises(NotFoundError, match="no file"):
        read_answers(tmp_path / "none.json", [])
