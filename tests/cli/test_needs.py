"""`pitmark needs`: what each class needs, the history, and what wrong input gets."""

import json

import pytest

from pitmark.store.db import open_store
from tests.ops.needy_parts import BOOK, add_images


@pytest.fixture
def pitmark(tmp_path, pitmark_in):
    """Runs a command on a project of three textures; `call.more` adds images."""
    home = tmp_path / "home"
    with open_store(home, create=True) as store:
        project = store.create_project("parts", "classification", BOOK)
        add_images(project, {"plain": 20, "lines": 20, "spots": 8})

    call = pitmark_in(home)

    call.home = home
    return call


def test_needs_are_told_and_checked_once_there_is_more(pitmark):
    status, found, _ = pitmark("needs", "--more", 15, "--minutes", 1)
    assert (status, found["more"], found["minutes"]["label"]) == (0, 15, 1.0)
    assert {n["class"] for n in found["needs"]} == {"plain", "lines", "spots"}
    with open_store(pitmark.home) as store:
        add_images(store.project("parts"), {"spots": 10}, start=200)
    assert pitmark("snapshot")[0] == 0
    status, told, _ = pitmark("needs", "--history")
    assert (status, told[0]["checks"][0]["number"]) == (0, 10)


def test_people_read_sentences_and_what_comes_next(pitmark):
    told = pitmark("needs", as_json=False)[1]
    assert told.startswith("1. ")
    assert "Intervals hold in 80 of 100 cases." in told
    assert "pitmark needs --history" in told
    assert "Nothing to check yet" in pitmark("needs", "--history", as_json=False)[1]


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (("needs", "--more", 0), 2, None),
        (("needs", "--more", "many"), 2, None),
        (("needs", "--minutes", -3), 1, "invalid_input"),
        (("needs", "--minutes", "nan"), 1, "invalid_input"),
        (("needs", "--snapshot", "zzz"), 1, "not_found"),
        (("needs", "dent"), 2, None),
    ],
)
def test_wrong_input_gets_one_clear_error(pitmark, arguments, status, code):
    assert pitmark("snapshot")[0] == 0
    found, result, errors = pitmark(*arguments)
    assert (found, result) == (status, "")
    assert "Traceback" not in errors
    if code is not None:
        assert json.loads(errors)["code"] == code
