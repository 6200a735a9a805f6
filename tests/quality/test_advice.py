import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.quality.advice import STAGES, Action, ranked


def action(title="x", stage="improve", minutes=10.0, gain=None, **more):
    return Action("kind", stage, title, "why", "pitmark x", minutes, gain, **more)


def titles(actions):
    return [a.title for a in ranked(actions)]


def test_the_highest_gain_per_hour_comes_first_not_the_highest_gain():
    dear, cheap = action("dear", minutes=600, gain=0.05), action("cheap", minutes=6, gain=0.01)
    assert titles([dear, cheap]) == ["cheap", "dear"]
    assert cheap.gain_per_hour == pytest.approx(0.1)


def test_what_other_figures_rest_on_comes_before_any_gain():
    found = titles(
        [
            action("release", "run"),
            action("more images", gain=0.5),
            action("leak", "trust"),
            action("import", "start"),
        ]
    )
    assert found == ["import", "leak", "more images", "release"]


def test_unknown_gains_stand_between_real_ones_and_none():
    assert titles([action("none", gain=0.0), action("unknown"), action("some", gain=0.01)]) == [
        "some",
        "unknown",
        "none",
    ]


def test_a_click_is_not_infinitely_cheap():
    assert action(minutes=0, gain=0.01).gain_per_hour == pytest.approx(1.2)


@given(st.permutations([action(str(n), STAGES[n % 4], gain=n / 50) for n in range(12)]))
def test_the_order_does_not_depend_on_who_came_first(actions):
    assert titles(actions) == titles(sorted(actions, key=lambda a: a.title))


def test_an_impossible_action_is_refused():
    with pytest.raises(InvalidInputError, match="a stage of"):
        action(stage="later")
    with pytest.raises(InvalidInputError, match="minutes from 0"):
        action(minutes=float("nan"))
    with pytest.raises(InvalidInputError, match="outside its interval"):
        action(gain=0.1, low=0.2, high=0.3)
