"""Weak slices by command: words, JSON, the page, and what wrong input gets."""

import json

import pytest

from pitmark.cli.main import run
from pitmark.store.db import open_store
from tests.ops.weak_runs import WEAK, weak_run


@pytest.fixture
def pitmark(tmp_path, capsys):
    """Runs a command on a project whose run fails on one camera."""
    home = tmp_path / "home"
    with open_store(home, create=True) as store:
        weak_run(store, "classification")

    def call(*arguments):
        status = run([*map(str, arguments), "--home", str(home)])
        told = capsys.readouterr()
        return status, told.out, told.err

    return call


def test_slices_are_told_in_words_and_as_json_and_as_a_page(pitmark, tmp_path):
    page = tmp_path / "slices.html"
    status, words, _ = pitmark("slices", "--no-looks", "--html", page)
    assert status == 0
    assert f"Camera {WEAK}:" in words
    assert "points apart" in words
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    status, told, _ = pitmark("slices", "--no-looks", "--run", "latest", "--json")
    found = json.loads(told)["slices"][0]
    assert (status, found["rule"], found["confirmed"]) == (0, {"camera": WEAK}, True)
    assert found["evidence"]["difference"]["low"] > 0


def test_wrong_input_gets_an_answer(pitmark):
    status, _, told = pitmark("slices", "--run", "r99", "--no-looks")
    assert status == 1
    assert "r99" in told
    status, _, told = pitmark("slices", "--protect", "sex", "--no-looks")
    assert status == 1
    assert "no image has metadata named 'sex'" in told
    assert pitmark("slices", "--least", "1")[0] == 2
    assert pitmark("slices", "--false-share", "1")[0] == 2
