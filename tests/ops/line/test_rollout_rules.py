from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError, NotFoundError
from pitmark.ops.line.rollout_plan import RolloutPlan
from pitmark.ops.line.rollout_rules import (
    RolloutFacts,
    RolloutRules,
    decide,
    reasons_to_halt,
)
from pitmark.store.part_counts import PartCounts

COUNTS = st.builds(PartCounts, *[st.integers(0, 500)] * 3)
SHARES = st.floats(0, 1, allow_nan=False)
RULES = st.builds(
    RolloutRules,
    min_hours=st.floats(0, 100),
    min_parts=st.integers(0, 300),
    enough=SHARES,
    ng_jump=SHARES,
    errors=SHARES,
    refused=st.integers(0, 5),
)


@st.composite
def facts(draw):
    waves = draw(st.integers(1, 6))
    devices = draw(st.integers(0, 50))
    return RolloutFacts(
        wave=draw(st.integers(0, waves - 1)),
        waves=waves,
        hours=draw(st.floats(0, 200)),
        devices=devices,
        running=draw(st.integers(0, devices)),
        failed=draw(st.integers(0, 5)),
        before=draw(COUNTS),
        under=draw(COUNTS),
    )


GOOD = RolloutFacts(
    wave=0,
    waves=3,
    hours=2.0,
    devices=10,
    running=9,
    failed=0,
    before=PartCounts(950, 50, 2),
    under=PartCounts(480, 20, 1),
)


@given(RULES, facts())
def test_a_rollout_halts_exactly_where_a_rule_says_so(rules, found):
    reasons = reasons_to_halt(rules, found)
    assert (decide(rules, found).step == "halt") == bool(reasons)


@given(RULES, facts())
def test_a_rollout_goes_on_only_after_all_that_a_wave_must_fulfill(rules, found):
    decision = decide(rules, found)
    assert decision.why
    if decision.step not in ("go on", "done"):
        return
    assert found.hours >= rules.min_hours
    assert found.running >= rules.enough * found.devices
    assert not found.devices or found.under.total >= rules.min_parts
    assert (decision.step == "done") == (found.wave == found.waves - 1)


@given(RULES, facts(), st.integers(1, 5))
def test_more_failures_never_let_a_rollout_go_on(rules, found, more):
    worse = replace(found, failed=found.failed + more)
    if decide(rules, found).step == "halt":
        assert decide(rules, worse).step == "halt"
    if rules.refused:
        assert decide(replace(rules, refused=1), worse).step == "halt"


def test_a_good_wave_is_followed_by_the_next_one():
    assert decide(RolloutRules(), GOOD).step == "go on"
    assert decide(RolloutRules(), replace(GOOD, wave=2)).step == "done"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"running": 8}, "wave 1 of 3: 8 of 10 devices run it, needed are 9"),
        ({"hours": 0.5}, r"0.5 of 1 h are over"),
        ({"under": PartCounts(19, 0, 0)}, "it has judged 19 of 20 parts"),
    ],
)
def test_a_wave_that_is_not_over_is_waited_for(change, why):
    decision = decide(RolloutRules(), replace(GOOD, **change))
    assert decision.step == "wait"
    assert why in decision.why


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"failed": 1}, "1 device refused the release or took it back"),
        ({"under": PartCounts(70, 30, 0)}, "NG parts rose from 5.0% to 30.0% over 100 parts"),
        ({"under": PartCounts(480, 20, 30)}, "30 of 530 parts under it ended in an error"),
        (
            {"before": PartCounts(70, 30, 0), "under": PartCounts(200, 0, 0)},
            "NG parts fell from 30.0% to 0.0%",
        ),
    ],
)
def test_what_goes_wrong_halts_with_a_reason(change, why):
    decision = decide(RolloutRules(), replace(GOOD, **change))
    assert decision.step == "halt"
    assert why in decision.why


def test_errors_that_the_line_had_before_halt_nothing():
    same = PartCounts(480, 20, 50)
    assert decide(RolloutRules(), replace(GOOD, before=same, under=same)).step == "go on"


def test_a_few_odd_parts_halt_nothing():
    # 4 of 20 against 5 %: 15 points more, and within what chance does.
    few = replace(GOOD, before=PartCounts(38, 2, 0), under=PartCounts(16, 4, 0))
    assert reasons_to_halt(RolloutRules(), few) == []


def test_rules_out_of_range_are_refused():
    with pytest.raises(InvalidInputError, match="ng_jump must lie between 0 and 1, found 10"):
        RolloutRules(ng_jump=10)
    with pytest.raises(InvalidInputError, match="must not be below 0"):
        RolloutRules(min_hours=-1)


@st.composite
def shares(draw):
    found = draw(st.sets(st.floats(0.001, 0.999), max_size=6))
    return (*sorted(found), 1.0)


@given(shares(), st.integers(0, 60), st.data())
def test_every_device_belongs_to_one_wave_and_none_is_empty(waves, count, data):
    devices = [(n + 100, f"d{n}") for n in range(count)]
    names = [name for _, name in devices]
    few = data.draw(st.lists(st.sampled_from(names), max_size=4)) if names else []
    plan = RolloutPlan(waves, tuple(few))
    places = plan.places(devices, draw="4")
    assert sorted(key for place in places for key in place) == [key for key, _ in devices]
    assert all(places) or (places == [[]] and not devices)
    if few:
        assert places[0][: len(set(few))] == [
            key for name in dict.fromkeys(few) for key, n in devices if n == name
        ]
    assert places == plan.places(devices[::-1], draw="4")
    again = RolloutPlan.from_json(plan.to_json())
    assert again == plan


def test_ten_thousand_devices_are_reached_by_the_shares_asked_for():
    devices = [(n, f"d{n}") for n in range(10_000)]
    places = RolloutPlan().places(devices, draw="1")
    assert [len(p) for p in places] == [100, 900, 4000, 5000]
    assert RolloutPlan().places(devices, draw="2") != places


def test_a_fleet_of_three_has_three_waves():
    assert [len(p) for p in RolloutPlan().places([(1, "a"), (2, "b"), (3, "c")], draw="1")] == [
        1,
        1,
        1,
    ]


def test_plans_that_cannot_be_are_refused():
    for waves in ((0.5, 0.1, 1.0), (0.0, 1.0), (1.0, 2.0), (0.5, 0.5, 1.0)):
        with pytest.raises(InvalidInputError, match="waves must be rising shares"):
            RolloutPlan(waves)
    with pytest.raises(InvalidInputError, match="last wave must reach all devices, found 50"):
        RolloutPlan((0.1, 0.5))
    with pytest.raises(InvalidInputError, match="needs waves, or devices by name"):
        RolloutPlan(())
    with pytest.raises(NotFoundError, match="no registered device 'x'"):
        RolloutPlan(canary=("x",)).places([(1, "a")], draw="1")
