"""Upkeep by commands: what is in use, limits, schedule, and what wrong input gets."""

import pytest

from pitmark.store.db import open_store
from tests.ops.on_the_line import make_line, send


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    root = tmp_path_factory.mktemp("upkeep")
    made = make_line(root / "home", root)
    with open_store(made) as store:
        send(store.project("parts"), range(100, 110))
    return made


@pytest.fixture
def pitmark(home, pitmark_in):
    return pitmark_in(home)


def test_pictures_from_the_line_are_queued_and_the_state_is_told(pitmark):
    status, told, _ = pitmark("feedback", "--count", "4", "--by", "olga")
    assert (status, told["added"], told["waiting"]) == (0, 4, 4)
    assert pitmark("feedback", "--count", "4")[1]["added"] == 0
    status, text, _ = pitmark("upkeep", as_json=False)
    assert text.splitlines()[:2] == ["Version 1 is in use.", "4 pictures wait for an answer."]
    assert len(pitmark("findings", "--kind", "from_device")[1]) == 4


def test_without_answers_there_is_nothing_to_update(pitmark):
    status, _, err = pitmark("update")
    assert (status, "nothing was labeled or corrected" in err) == (1, True)
    told = pitmark("update", "--if-due")[1]
    assert told["due"] == {"due": False, "reason": "the schedule is off", "corrections": 0}


def test_limits_and_schedule_are_shown_and_changed(pitmark):
    limits = pitmark("limits", "updates_per_day=2", "hours=[22,6]", "gate.margin=0.05")[1]
    assert (limits["updates_per_day"], limits["hours"]) == (2, [22, 6])
    assert limits["gate"]["margin"] == 0.05
    assert pitmark("limits")[1] == limits
    # Whether an update is due is not to depend on the hour of this test.
    assert pitmark("limits", "hours=[0,24]")[1]["hours"] == [0, 24]
    schedule = pitmark("schedule", "on=true", "corrections=12")[1]
    assert (schedule["on"], schedule["corrections"]) == (True, 12)
    assert "answered since the last update, 12 are asked for" in schedule["due"]["reason"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("limits", "hours"), "no NAME=VALUE"),
        (("limits", "hours=[3]"), "two numbers"),
        (("limits", "hours=null"), "hours is a list"),
        (("limits", "allowed=feedback"), "allowed"),
        (("limits", "luck=1"), "there is no 'luck'"),
        (("limits", 'gate={"shadow":1.5}'), "whole numbers"),
        (("limits", 'must_pass=["luck"]'), "'luck' is unknown"),
        (("schedule", "corrections=0"), "at least 1"),
        (("schedule", "sometimes=true"), "schedule"),
        (("feedback", "--random-share", "7"), "a share is 0 to 1"),
        (("promote", "r0099"), "no run 'r0099'"),
        (("promote", "--override", "luck"), "no check 'luck'"),
        (("promotions", "--number", "3"), "no decision 3"),
    ],
)
def test_rubbish_is_refused_in_words(pitmark, words, told):
    status, _, err = pitmark(*words)
    assert status == 1
    assert told in err
