"""The answer for each class: what is asked for when, and in which order."""

import numpy as np
import pytest

from pitmark.quality.needs.class_gains import ClassGains
from pitmark.quality.needs.learning_curves import fit_curve, rounds_of
from pitmark.quality.needs.ranking import (
    Effort,
    Evidence,
    OpenRule,
    cleaned,
    rank_needs,
    usual_number,
)
from pitmark.quality.needs.visibility import HardToSee, hard_to_see, sharpness

EFFORT = Effort(label=0.5, fix=0.25, rule=20, imaging=240)


def gains(count=100, recall=0.7, *, flat=False, cases=50):
    """A class whose recall rose to `recall`, or did not change at all."""
    sizes = np.array([0.35, 0.5, 0.7, 1.0]) * count
    error = (1 - recall) * (1.0 if flat else (count / sizes) ** 0.6)
    scores = 1 - np.minimum(error, 1) * np.ones(4)
    curve = fit_curve(rounds_of(sizes, scores, cases=cases))
    return ClassGains(count, recall, cases, curve, scored=5, side_spread=0.002)


def answer(*evidence, more=50, effort=EFFORT):
    return rank_needs(evidence, more=more, effort=effort)


def test_a_class_that_climbs_is_to_be_labeled():
    (need,) = answer(Evidence("dent", gains()))
    assert (need.answer.kind, need.answer.number) == ("label", 50)
    assert need.answer.minutes == 25
    assert "Label 50 more of dent" in need.answer.text
    assert need.trade == ""


def test_noisy_labels_are_to_be_fixed_first_and_the_trade_is_told():
    noisy = Evidence("dent", gains(500), doubts=60, doubtful=80)
    (need,) = answer(noisy)
    assert need.answer.kind == "fix"
    assert [a.kind for a in need.others] == ["label"]
    assert "12 in 100 are wrong" in need.trade
    assert "worth about as much as 366 more labels" in need.trade


def test_with_few_doubts_on_many_labels_to_look_at_labeling_pays_more():
    slow = Effort(label=0.1, fix=5.0, rule=20, imaging=240)
    (need,) = answer(Evidence("dent", gains(500), doubts=10, doubtful=80), effort=slow)
    assert need.answer.kind == "label"


def test_an_open_rule_is_settled_where_that_brings_most_per_hour():
    rule = OpenRule("scratch", 30, "eva: dent; anna: scratch.")
    (need,) = answer(Evidence("dent", gains(100), rules=(rule,)), effort=Effort(label=5))
    assert need.answer.kind == "rule"
    assert "between dent and scratch" in need.answer.text


def test_examples_that_are_shown_badly_ask_for_another_picture():
    seen = HardToSee("contrast", 0.33, 0.8, 0.05, 0.001)
    flat = Evidence("dent", gains(2000, 0.7, flat=True, cases=2000), seen=seen)
    (need,) = answer(flat, more=5)
    assert need.answer.kind == "imaging"
    assert "least contrast" in need.answer.text
    assert need.answer.gain.median == pytest.approx(0.33 / 5 * 0.75)


def test_a_bad_class_that_nothing_helps_asks_for_another_picture_without_a_promise():
    flat = Evidence("dent", gains(3000, 0.6, flat=True, cases=3000))
    (need,) = answer(flat, more=5)
    assert (need.answer.kind, need.answer.measured) == ("imaging", False)
    assert need.answer.gain.median == 0


def test_a_good_class_has_enough_and_comes_last():
    good = Evidence("good", gains(400, 0.995))
    found = answer(good, Evidence("dent", gains()))
    assert [(n.name, n.answer.kind) for n in found] == [("dent", "label"), ("good", "enough")]


def test_classes_are_ranked_by_gain_per_hour():
    small, large = Evidence("small", gains(15)), Evidence("large", gains(600))
    found = answer(large, small)
    assert [n.name for n in found] == ["small", "large"]
    assert found[0].answer.per_hour > found[1].answer.per_hour


def test_a_look_alike_is_named():
    (need,) = answer(Evidence("dent", gains(), taken_for=("scratch", 0.8)))
    assert "80 of 100 mistakes are taken for scratch" in need.answer.text


def test_the_json_holds_every_action_with_gain_and_minutes():
    (need,) = answer(Evidence("dent", gains(500), doubts=60, doubtful=80))
    told = need.to_json()
    assert told["answer"]["gain"]["low"] <= told["answer"]["gain"]["median"]
    assert {a["kind"] for a in told["others"]} == {"label"}
    assert [f["more"] for f in told["forecast"]] == sorted(f["more"] for f in told["forecast"])


def test_cleaning_is_worth_more_the_more_is_wrong():
    worth = [cleaned(500, wrong) for wrong in (0, 20, 60, 200, 400)]
    assert worth[0] == 500
    assert (np.diff(worth[:4]) > 0).all()
    assert np.isfinite(worth[4])


@pytest.mark.parametrize(("counts", "number"), [([3, 4], 10), ([20, 33, 90], 30), ([999], 100)])
def test_as_many_are_weighed_as_a_middle_class_has(counts, number):
    assert usual_number(counts) == number


def test_faint_examples_that_fail_are_seen_and_chance_is_not():
    rng = np.random.default_rng(0)
    contrast = rng.uniform(0, 100, 60)
    wrong = (contrast < 25).astype(float)
    found = hard_to_see(wrong, {"contrast": contrast, "sharpness": rng.uniform(0, 1, 60)})
    assert found is not None
    assert found.measure == "contrast"
    assert found.error > found.error_elsewhere
    quiet = [hard_to_see(rng.permutation(wrong), {"contrast": contrast}) for _ in range(40)]
    assert sum(q is not None for q in quiet) <= 5


def test_a_handful_of_examples_tells_nothing_of_visibility():
    assert hard_to_see(np.ones(6), {"contrast": np.arange(6.0)}) is None


def test_blur_lowers_sharpness_and_scale_of_light_does_not_matter():
    rng = np.random.default_rng(0)
    sharp = rng.uniform(0, 255, (40, 40))
    soft = np.cumsum(np.cumsum(sharp - sharp.mean(), 0), 1)
    assert sharpness(sharp) > 3 * sharpness(soft)
    assert sharpness(sharp) == pytest.approx(sharpness(sharp * 0.1))
    assert sharpness(np.full((9, 9), 3.0)) == 0
