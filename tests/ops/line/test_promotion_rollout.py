"""What is promoted reaches the devices, and what does badly is taken from them again."""

from datetime import UTC, datetime, timedelta

import pytest

from pitmark.core.errors import NotAllowedError
from pitmark.ops.line import rollback
from pitmark.ops.line.limits import Actor, Limits, limits_of, set_limits
from pitmark.ops.line.promotion_rollout import (
    expect_rollout_allowed,
    plan_of,
    roll_out_promoted,
)
from pitmark.ops.line.promotion_rules import WayBack, to_json
from pitmark.ops.line.promotion_watch import watch_over
from pitmark.ops.line.rollout_plan import RolloutPlan
from pitmark.ops.line.rollout_rules import RolloutRules
from pitmark.store.db import open_store
from pitmark.store.events import EventRow
from pitmark.store.promotions import NewPromotion
from tests.ops.fleets import add_devices, add_release, make_project, runs

OLGA, ADA = Actor("olga", "operator"), Actor("ada", "admin")


@pytest.fixture
def project(tmp_path):
    """Two releases of one run, the second one promoted."""
    with open_store(tmp_path / "home", create=True) as store:
        made = make_project(store)
        for _ in range(2):
            add_release(made, tmp_path)
        run = made.runs.list()[0].id
        record = {"version_in_use": 1, "way_back": to_json(WayBack())}
        made.promotions.name("champion", run, version=2, by="olga")
        made.promotions.add(NewPromotion("promoted", run, run, 2, record), by="olga")
        yield made


def test_without_devices_there_is_nothing_to_roll_out(project):
    assert roll_out_promoted(project, 2, Limits(), by="olga") is None
    assert project.rollouts.list() == []


def test_the_first_share_is_the_first_wave(project):
    add_devices(project, 10)
    row = roll_out_promoted(project, 2, Limits(first_share=0.2), by="olga")
    assert (row.version, row.author, row.plan["waves"]) == (2, "olga", [0.2, 1.0])
    assert len(project.rollouts.offered(2)) == 2
    assert row.plan["rules"]["min_parts"] == WayBack().parts
    roll_out_promoted(project, 2, Limits(), by="olga")
    assert len(project.rollouts.offered(2)) == 10


def test_where_operators_may_not_roll_out_an_admin_begins_it(project):
    add_devices(project, 2)
    assert roll_out_promoted(project, 2, Limits(allowed=("update",)), by="olga") is None


def test_an_update_that_makes_ng_fall_is_not_halted_for_it():
    assert plan_of(Limits()).rules.ng_jump == 1.0
    assert plan_of(Limits(way_back=WayBack(error_rise=0.01))).rules.errors == 0.01


def _judged(project, version, verdict, count):
    start = datetime.now(UTC) - timedelta(minutes=5)
    project.events.add_many(
        [
            EventRow(f"{version}{verdict}{n}", start, verdict, None, "x", "press-00", version)
            for n in range(count)
        ]
    )


def test_the_way_back_takes_the_version_from_all_devices(project):
    add_devices(project, 4)
    roll_out_promoted(project, 2, Limits(first_share=0.5), by="olga")
    bad = project.rollouts.offered(2)
    assert len(bad) == 2
    for name in bad:
        runs(project, name, 2)
    _judged(project, 1, "OK", 100)
    _judged(project, 2, "NG", 60)
    found = watch_over(project)
    assert (found.back_to, found.version) == (1, 3)
    assert project.rollouts.offered(3) == bad
    assert project.rollouts.offered(2) == []
    assert [(r.version, r.state) for r in project.rollouts.list()] == [
        (3, "running"),
        (2, "rolled back"),
    ]
    assert watch_over(project).back_to is None
    assert len(project.releases.list()) == 3


def test_the_way_back_is_whole_or_not_at_all(project, monkeypatch):
    add_devices(project, 2)
    roll_out_promoted(project, 2, Limits(), by="olga")
    _judged(project, 1, "OK", 100)
    _judged(project, 2, "NG", 60)

    class Killed(BaseException):
        pass

    def killed(*_, **__):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(rollback, "bring_back", killed)
        with pytest.raises(Killed):
            watch_over(project)
    assert len(project.releases.list()) == 2
    assert watch_over(project).back_to == 1
    assert len(project.rollouts.offered(3)) == 2


@pytest.mark.parametrize(
    ("version", "plan", "why"),
    [
        (1, RolloutPlan(), "bring only the version in use to the devices, which is version 2"),
        (2, RolloutPlan((0.5, 1.0)), "begin with 10% of the devices at most, .* were 50%"),
        (2, RolloutPlan(rules=RolloutRules(refused=0)), "cannot change what halts a rollout"),
    ],
)
def test_operators_keep_within_limits_and_admins_need_not(project, version, plan, why):
    set_limits(project, {"first_share": 0.1}, actor=ADA)
    expect_rollout_allowed(project, OLGA, 2, plan_of(limits_of(project)))
    with pytest.raises(NotAllowedError, match=why):
        expect_rollout_allowed(project, OLGA, version, plan)
    expect_rollout_allowed(project, ADA, version, plan)
    set_limits(project, {"allowed": ["update"]}, actor=ADA)
    with pytest.raises(NotAllowedError, match="operators may not roll out"):
        expect_rollout_allowed(project, OLGA, 2, plan_of(limits_of(project)))
