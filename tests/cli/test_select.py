"""Choosing images by commands."""

import json

import pytest

from tests.ops.toys import class_folder


@pytest.fixture
def pitmark(tmp_path, pitmark_in):
    home = tmp_path / "home"
    call = pitmark_in(home)

    call("new", "parts", "--task", "classification")
    call("import", class_folder(tmp_path / "photos"))
    return call


def test_with_every_image_labeled_there_is_nothing_to_select(pitmark):
    status, _, errors = pitmark("select", 3)
    assert status == 1
    assert json.loads(errors)["code"] == "not_enough_data"


def test_selecting_writes_a_list_and_says_how_it_was_chosen(pitmark, tmp_path):
    folder = tmp_path / "more"
    class_folder(folder, 30)
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in folder.rglob("*.png"):
        if int(path.stem.split("_")[-1]) >= 24:
            path.rename(flat / path.name)
    pitmark("import", flat)
    status, found, _ = pitmark("select", 2, "--out", tmp_path / "next.csv")
    assert (status, found["strategy"], len(found["images"])) == (0, "needed", 2)
    assert (tmp_path / "next.csv").read_text().count("\n") == 3
    told = pitmark("select", 2, as_json=False)[1]
    assert "random" in told


def test_a_coreset_says_what_it_costs(pitmark):
    pitmark("snapshot", "--train", 20)
    status, found, _ = pitmark("coreset", 10, "--save")
    assert (status, found["kept"], found["total"]) == (0, 10, 20)
    told = pitmark("coreset", 5, "--snapshot", found["snapshot"], as_json=False)[1]
    assert "Expected change" in told or "cannot be said" in told


def test_feasibility_speaks_in_words(pitmark):
    status, told, _ = pitmark("feasibility", as_json=False)
    assert status == 0
    assert told.startswith("Verdict: ")
    assert pitmark("feasibility")[1]["figures"]["images"] == 24


@pytest.mark.parametrize(
    "arguments",
    [("select",), ("select", 0), ("select", 2, "--strategy", "best"), ("coreset", -1)],
)
def test_wrong_use_is_told_as_such(pitmark, arguments):
    assert pitmark(*arguments)[0] == 2
