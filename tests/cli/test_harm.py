"""`pitmark harm` on a line without a drift, and what wrong input gets."""

from datetime import UTC, datetime

import pytest

from pitmark.core.label_book import LabelBook
from pitmark.store.db import open_store
from pitmark.store.events import EventRow


@pytest.fixture
def pitmark(tmp_path, pitmark_in):
    """Runs a command on a project of which one part was inspected; `call.home` holds it."""
    call = pitmark_in(tmp_path / "home")
    call.home = tmp_path / "home"
    with open_store(call.home, create=True) as store:
        project = store.create_project("parts", "classification", LabelBook())
        project.events.add_many([_event(1, alarm=False)])
    return call


def _event(second, *, alarm):
    drift = {"alarm": alarm, "sentence": "the image is 10 % darker"}
    at = datetime(2026, 3, 2, 3, 0, second, tzinfo=UTC)
    return EventRow(str(second), at, "OK", 0.1, f"{second}.png", "cam", facts={"drift": drift})


def test_without_a_drift_there_is_nothing_to_test(pitmark):
    status, found, _ = pitmark("harm")
    assert (status, found["verdict"], found["since"]) == (0, "harmless", None)
    _, words, _ = pitmark("harm", as_json=False)
    assert words.splitlines()[1].startswith("No device reports a drift")


def test_drawing_without_a_drift_says_what_to_do_instead(pitmark):
    status, _, told = pitmark("harm", "--draw", 60)
    assert status == 1
    assert "--since" in told


def test_a_drift_without_a_release_has_nothing_to_be_compared_with(pitmark):
    with open_store(pitmark.home) as store:
        store.project("parts").events.add_many([_event(2, alarm=True)])
    status, _, told = pitmark("harm")
    assert status == 1
    assert "release" in told


@pytest.mark.parametrize("wrong", [("--margin", 0), ("--draw", 0), ("--since", "soon")])
def test_impossible_options_are_refused(pitmark, wrong):
    assert pitmark("harm", *wrong)[0] == 2
