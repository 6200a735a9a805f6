"""Agreement and consensus by commands alone."""

import csv
import json

import pytest

from pitmark.cli.main import run
from pitmark.workspace.home import Workspace
from tests.ops.people import project_of


@pytest.fixture
def pitmark(tmp_path, capsys):
    """Runs a command; gives exit status, the JSON result, and what went to stderr."""
    with Workspace.open(tmp_path / "home") as workspace:
        project_of(workspace._store, "classification", 12)

    def call(*arguments):
        status = run([*map(str, arguments), "--home", str(tmp_path / "home"), "--json"])
        told = capsys.readouterr()
        return status, json.loads(told.out) if told.out.strip() else None, told.err

    return call


def answer(folder, names, label):
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("image", "label"), *((n, label(n)) for n in names)])


def test_a_study_is_designed_answered_reported_joined_and_settled(pitmark, tmp_path):
    who = ("--labeler", "ben", "--labeler", "cy")
    status, study, _ = pitmark(
        "agreement", "design", *who, "--images", 6, "--repeats", 1, "--name", "gauge"
    )
    assert (status, study["id"], len(study["images"])) == (0, "s1", 6)
    for name, slip in (("ben", 0), ("cy", 2)):
        sheet = tmp_path / name
        files = pitmark("agreement", "sheet", "gauge", sheet, "--labeler", name)[1]["files"]
        answer(sheet, files, lambda n, s=slip: "good" if int(n[:4]) <= s else "dent")
        added = pitmark("agreement", "add", "gauge", sheet, "--labeler", name)[1]
        assert added["added"] == 6
    assert pitmark("agreement", "list")[1][0]["complete"]
    page = tmp_path / "agreement.html"
    report = pitmark("agreement", "report", "--study", "gauge", "--html", page)[1]
    assert report["figures"][0]["kind"] == "classes"
    assert report["reference"] == "the labels of the project"
    assert page.read_text().startswith("<!doctype html>")
    page = tmp_path / "consensus.html"
    found = pitmark("consensus", "propose", "--study", "s1", "--html", page)[1]
    assert len(found["proposals"]) == 6
    assert page.exists()
    done = pitmark("consensus", "apply", "--study", "s1", "--by", "eva", "--min-confidence", 1)
    assert done[1]["written"] + done[1]["too_uncertain"] == 6
    shapes = tmp_path / "truth.json"
    shapes.write_text('[{"kind": "class", "label": "scratch"}]')
    image = found["proposals"][0]["image"]
    decided = pitmark(
        *("consensus", "apply", "--image", image, "--shapes", shapes),
        *("--by", "eva", "--reason", "looked again"),
    )
    assert decided[1]["images"][0]["reason"] == "looked again"


def test_labels_in_the_project_answer_without_a_folder(pitmark):
    pitmark("agreement", "design", "--labeler", "anna", "--images", 6, "--repeats", 2)
    status, _, errors = pitmark("agreement", "add", "s1", "--labeler", "anna")
    assert (status, json.loads(errors)["code"]) == (1, "invalid_input")
    assert pitmark("agreement", "add", "s1", "--labeler", "anna", "--trial", 1)[1]["added"] == 6


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (("agreement", "report"), 1, "not_enough_data"),
        (("agreement", "report", "--study", "s7"), 1, "not_found"),
        (("agreement", "design"), 2, None),
        (("agreement", "design", "--labeler", "a", "--repeats", 1), 1, "invalid_input"),
        (("consensus", "propose"), 1, "not_enough_data"),
        (("consensus", "apply"), 2, None),
        (("consensus", "propose", "--method", "luck"), 2, None),
    ],
)
def test_wrong_input_gets_one_clear_error(pitmark, arguments, status, code):
    found, result, errors = pitmark(*arguments)
    assert (found, result) == (status, None)
    assert "Traceback" not in errors
    if code is not None:
        assert json.loads(errors)["code"] == code


def test_a_person_reads_sentences(pitmark, tmp_path, capsys):
    pitmark("agreement", "design", "--labeler", "anna", "--labeler", "ben", "--images", 6)
    for trial in (1, 2):
        pitmark("agreement", "add", "s1", "--labeler", "anna", "--trial", trial)
    assert run(["agreement", "report", "--study", "s1", "--home", str(tmp_path / "home")]) == 0
    told = capsys.readouterr().out
    assert "6 of 6 images called the same again by anna" in told
