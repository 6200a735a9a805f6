"""The checks of a new version: what passes, what stands in the way, in which words."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from pitmark.core.errors import InvalidInputError
from pitmark.ops.line.promotion_checks import SameImages, everywhere, must_catch, not_worse
from pitmark.ops.line.promotion_line import (
    Shadow,
    first_devices,
    same_on_device,
    side_by_side,
    way_back,
)
from pitmark.ops.line.promotion_record import refusal_of
from pitmark.ops.line.promotion_rules import GateRules, WayBack

RULES = GateRules()


def _images(bad, old_ng, new_ng, **about):
    names = [f"part{n}" for n in range(len(bad))]
    return SameImages(
        names,
        names,
        np.array(bad, bool),
        np.array(old_ng, bool),
        np.array(new_ng, bool),
        **about,
    )


def test_one_part_missed_anew_is_one_too_many():
    caught = must_catch(["a", "b"], [True, False], [True, True])
    assert (caught.verdict, caught.figures["newly_caught"]) == ("passed", 1)
    missed = must_catch(["a", "b"], [True, True], [True, False])
    assert missed.verdict == "failed"
    assert "1 part of 2 that the version in use catches would be missed: b." in missed.reason
    # What the version in use misses already is no new escape.
    assert must_catch(["a"], [False], [False]).verdict == "passed"
    assert must_catch([], [], []).verdict == "nothing to check"


def test_the_same_verdicts_are_as_good_once_there_are_enough_of_them():
    bad = [n % 2 for n in range(40)]
    assert not_worse(_images(bad, bad, bad), RULES).verdict == "passed"
    few = not_worse(_images(bad[:6], bad[:6], bad[:6]), RULES)
    assert (few.verdict, few.cause) == ("failed", "too few pictures")
    assert "So few pictures cannot show that it is as good; about 9 more" in few.reason
    fallen = [not b if n < 2 else b for n, b in enumerate(bad[:31])]
    near = not_worse(_images(bad[:31], bad[:31], fallen), RULES)
    assert near.figures["wanted"] > 60
    assert "it may be worse, and is made from the answers, too." in near.reason
    # With as many more of which none differs it passes.
    assert not_worse(_images(bad[:15], bad[:15], bad[:15]), RULES).verdict == "passed"
    assert not_worse(_images([], [], []), RULES).verdict == "nothing to check"


def test_fewer_right_verdicts_than_the_margin_allows_are_refused():
    bad = [n % 2 for n in range(60)]
    worse = [not b if n < 12 else b for n, b in enumerate(bad)]
    check = not_worse(_images(bad, bad, worse), RULES)
    assert check.verdict == "failed"
    assert check.reason.startswith("Of 60 pictures it judges 48 right, the version in use 60.")
    assert check.figures["shares"]["difference"]["low"] < -0.1
    assert (check.cause, check.figures["newly_wrong"][:2]) == ("worse", ["part0", "part1"])
    assert "That is worse, with part0, part1, part2. Look whether" in check.reason
    assert not_worse(_images(bad, worse, bad), RULES).verdict == "passed"


def test_a_refusal_says_whether_it_does_worse_or_cannot_be_told_yet():
    bad = [n % 2 for n in range(60)]
    few = not_worse(_images(bad[:6], bad[:6], bad[:6]), RULES).to_json()
    worse = not_worse(_images(bad, bad, [not b for b in bad]), RULES).to_json()
    told = refusal_of({"checks": [few], "overridden": []})
    assert told == "Refused for now: too few pictures to tell. The version in use stays."
    for checks in ([worse], [few, {**worse, "name": "everywhere"}]):
        assert refusal_of({"checks": checks}) == "Refused: the version in use stays."
    # What was passed over refuses nothing; records of old say no cause.
    record = {"checks": [few, {**worse, "name": "everywhere"}], "overridden": ["everywhere"]}
    assert refusal_of(record).startswith("Refused for now")
    old = [{k: v for k, v in few.items() if k != "cause"}]
    assert refusal_of({"checks": old}) == "Refused: the version in use stays."


@settings(max_examples=50, deadline=None)
@given(some.lists(some.tuples(*[some.booleans()] * 3), min_size=30, max_size=60))
def test_what_passes_is_within_the_margin(rows):
    bad, old, new = zip(*rows, strict=True)
    check = not_worse(_images(bad, old, new), RULES)
    assert (check.cause is None) == (check.verdict == "passed")
    fall = np.mean(np.equal(bad, old)) - np.mean(np.equal(bad, new))
    if check.verdict == "passed":
        assert fall < RULES.margin
    elif check.cause == "too few pictures":
        assert fall < RULES.margin
        assert 5 <= check.figures["wanted"] <= 1000
    else:
        assert fall > 0
        assert len(check.figures["newly_wrong"]) >= 1


def test_a_camera_that_falls_behind_is_named():
    bad = [False] * 60
    camera = ["1" if n < 12 else "2" for n in range(60)]
    worse = [c == "1" for c in camera]
    check = everywhere(_images(bad, bad, worse, columns={"camera": camera}), RULES)
    assert check.verdict == "failed"
    assert "camera 1 (12 parts worse, 0 better)" in check.reason
    one = [n == 0 for n in range(60)]
    check = everywhere(_images(bad, bad, one, columns={"camera": camera}), RULES)
    assert check.verdict == "passed"
    assert everywhere(_images(bad, bad, worse), RULES).verdict == "nothing to check"


def test_images_of_one_part_are_one_witness():
    bad = [False] * 60
    camera = ["1" if n < 12 else "2" for n in range(60)]
    worse = [c == "1" for c in camera]
    images = _images(bad, bad, worse, columns={"camera": camera})
    images = replace(images, groups=[str(n // 2) if n < 12 else str(n) for n in range(60)])
    (row,) = [s for s in everywhere(images, RULES).figures["slices"] if s["value"] == "1"]
    assert (row["images"], row["parts"], row["lost"]) == (12, 6, 6)


def test_chance_alone_seldom_makes_a_place_fall_however_many_there_are():
    rng = np.random.default_rng(4)
    false = 0
    for _ in range(200):
        bad = rng.random(200) < 0.3
        old, new = (bad ^ (rng.random(200) < 0.2) for _ in range(2))
        columns = {f"c{k}": [str(v) for v in rng.integers(0, 8, 200)] for k in range(4)}
        check = everywhere(_images(bad, old, new, columns=columns), RULES)
        false += check.verdict == "failed"
    # Level 0.05 of 200: 10 expected at most; 20 would be three standard deviations above.
    assert false < 20


def test_the_device_must_judge_the_same_and_in_time():
    assert same_on_device({"ok": True}, 12.0, 10.0, RULES).verdict == "passed"
    assert same_on_device({"ok": False}, 12.0, 10.0, RULES).verdict == "failed"
    slow = same_on_device({"ok": True}, 1200.0, None, RULES)
    assert (slow.verdict, "Allowed are 1000 ms" in slow.reason) == ("failed", True)


def _shadow(old, new, n=0):
    return Shadow(f"part{n}", "0" * 64, "press-3", old, new, 0.4, 0.6)


def test_disagreements_on_the_newest_parts_are_listed_and_many_more_ng_are_refused():
    rows = [_shadow("NG", "OK", n) for n in range(9)] + [_shadow("OK", "OK")]
    check = side_by_side(rows, RULES)
    assert check.verdict == "passed"
    assert len(check.figures["disagreements"]) == 9
    assert "it calls 0 NG, the version in use 9; on 9 they disagree" in check.reason
    back = [_shadow(r.new, r.old) for r in rows]
    assert side_by_side(back, RULES).verdict == "failed"
    error = side_by_side([*rows, _shadow("OK", "error")], RULES)
    assert "More pictures cannot be judged at all: 1, before 0." in error.reason
    assert side_by_side([], RULES).verdict == "nothing to check"


def test_the_first_devices_and_the_way_back_are_stated():
    assert first_devices(0.1).reason == "It goes to 10% of the devices first."
    assert first_devices(0.0).verdict == "nothing to check"
    assert "version 3 comes back by itself" in way_back(WayBack(), 3).reason
    assert way_back(WayBack(), None).verdict == "nothing to check"


@pytest.mark.parametrize("wrong", [{"margin": 0}, {"level": 2}, {"latency_ms": 0}])
def test_impossible_rules_are_refused(wrong):
    with pytest.raises(InvalidInputError, match="above 0"):
        GateRules(**wrong)
