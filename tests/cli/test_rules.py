"""Rules by commands: propose, accept, check, and what wrong input gets."""

import json

import pytest

from pitmark.store.db import open_store
from tests.ops.labeled_lines import LONG, SHORT, fill_lines, line_book


@pytest.fixture
def pitmark(tmp_path, pitmark_in):
    """Runs a command on a project with three labelers and three limits."""
    home = tmp_path / "home"
    with open_store(home, create=True) as store:
        project = store.create_project("lines", "detection", line_book(mm_per_px=0.1))
        fill_lines(project, {"anna": 28.0, "ben": 36.0, "eva": 32.0}, count=24)

    return pitmark_in(home)


def test_a_rule_is_proposed_accepted_and_checked_by_commands(pitmark, tmp_path):
    page = tmp_path / "rules.html"
    status, found, _ = pitmark("rule", "propose", SHORT, LONG, "--html", page)
    assert (status, found[0]["verdict"], found[0]["feature"]) == (0, "limit", "length")
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    status, done, _ = pitmark("rule", "accept", SHORT, LONG, "--limit", 5, "--by", "eva")
    assert (status, done["book_revision"]) == (0, 2)
    assert done["contradictions"] > 0
    listed = pitmark("findings", "--kind", "broken_rule", "--limit", 100)[1]
    assert len(listed) == done["contradictions"]
    assert pitmark("rule", "check")[1]["contradictions"] == done["contradictions"]
    history = pitmark("labelbook", "--history")[1]
    assert history[-1]["by"] == "eva"


def test_a_limit_may_be_given_by_hand(pitmark):
    arguments = ("--measure", "area", "--unit", "px", "--limit", 4000)
    done = pitmark("rule", "accept", LONG, *arguments)[1]
    assert done["rule"] == "scratch from an area 4000 px² upwards, nothing marked below"
    assert done["by_class"].get(SHORT) is None


def test_people_read_sentences_and_what_comes_next(pitmark):
    told = pitmark("rule", "propose", SHORT, LONG, as_json=False)[1]
    assert "People change at a length of about" in told
    assert "Next: pitmark rule accept" in told
    told = pitmark("rule", "check", as_json=False)[1]
    assert "0 of 0 labels under a rule break it" in told


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (("rule", "propose", "crater"), 1, "invalid_label"),
        (("rule", "propose", "a", "b", "c"), 1, "invalid_input"),
        (("rule", "accept"), 2, None),
        (("rule", "accept", LONG, "--measure", "area"), 1, "invalid_input"),
        (("rule", "accept", LONG, "--measure", "weight"), 2, None),
        (("rule", "accept", SHORT, LONG, "--limit", -1), 1, "invalid_input"),
        (("rule", "fly"), 2, None),
    ],
)
def test_wrong_input_gets_one_clear_error(pitmark, arguments, status, code):
    found, result, errors = pitmark(*arguments)
    assert (found, result) == (status, "")
    assert "Traceback" not in errors
    if code is not None:
        assert json.loads(errors)["code"] == code
