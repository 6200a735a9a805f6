import random
from datetime import timedelta

import pytest

from pitmark.core.errors import ConflictError, NotFoundError
from pitmark.ops.line import rollout_back, rollout_device, rollouts
from pitmark.ops.line.devices import add_device, register_device, revoke_device
from pitmark.ops.line.rollback import roll_back
from pitmark.ops.line.rollout_plan import RolloutPlan
from pitmark.ops.line.rollout_rules import RolloutRules
from pitmark.store.db import open_store
from pitmark.store.device_reports import Note
from pitmark.store.schema import now
from tests.ops.fleets import add_devices, add_release, make_project, runs

QUICK = RolloutRules(min_hours=0, min_parts=0)
HOUR = timedelta(hours=1)


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "home", create=True) as opened:
        yield opened


@pytest.fixture
def project(store, tmp_path):
    """A project with the releases 1 to 3 and ten devices."""
    made = make_project(store)
    for _ in range(3):
        add_release(made, tmp_path)
    add_devices(made, 10)
    return made


def offered(project):
    """What each device would be told to run."""
    return {
        name: (found.version if found else None)
        for _, name in project.rollouts.candidates()
        if (found := rollout_device.desired(project, project.devices.get(name))) or True
    }


def count(project, version):
    return list(offered(project).values()).count(version)


def follow(project):
    """Let every device run what it is offered."""
    for name, version in offered(project).items():
        if version is not None:
            runs(project, name, version)


def test_a_release_reaches_all_devices_wave_by_wave(project):
    row = rollouts.start(project, 1, RolloutPlan(rules=QUICK), by="ann")
    reached = []
    while row.state == "running":
        reached.append(count(project, 1))
        assert rollouts.advance(project, at_once=True).wave == row.wave  # Nobody has it yet.
        follow(project)
        row = rollouts.advance(project, at_once=True)
    assert reached == [1, 5, 10]
    assert row.state == "done"
    actions = [e.action for e in project.audit.entries() if e.action != "release"]
    assert actions[:4] == ["end_rollout", "open_wave", "open_wave", "start_rollout"]


def test_time_and_parts_are_waited_for(project):
    rules = RolloutRules(min_hours=2, min_parts=30)
    rollouts.start(project, 1, RolloutPlan((0.1, 1.0), rules=rules))
    follow(project)
    later = now() + 3 * HOUR
    assert "0.0 of 2 h" in rollouts.advance(project, at_once=True).why
    assert "judged 0 of 30 parts" in rollouts.advance(project, now=later, at_once=True).why
    (name,) = project.rollouts.offered(1)
    for _ in range(30):
        project.device_reports.count_parts(project.devices.get(name).id, [(now(), 1, "OK")])
    assert rollouts.advance(project, now=later, at_once=True).wave == 1


def test_a_device_on_trial_does_not_count_as_running(project):
    rollouts.start(project, 1, RolloutPlan((0.1, 1.0), rules=QUICK))
    (name,) = project.rollouts.offered(1)
    runs(project, name, 1, on_trial=True)
    assert rollouts.advance(project, at_once=True).wave == 0
    runs(project, name, 1)
    assert rollouts.advance(project, at_once=True).wave == 1


def test_a_device_that_takes_the_release_back_halts_it_for_all_that_do_not_run_it(project):
    rollouts.start(project, 1, RolloutPlan((0.5, 1.0), rules=QUICK))
    first, *_ = project.rollouts.offered(1)
    runs(project, first, 1)
    failed = project.devices.get(project.rollouts.offered(1)[1])
    project.device_reports.add_note(failed.id, Note("k", now(), 1, "rolled back", "slow"))
    row = rollouts.advance(project, at_once=True)
    assert row.state == "halted"
    assert "1 device refused the release or took it back" in row.why
    assert count(project, 1) == 1
    assert offered(project)[first] == 1


def test_a_halted_rollout_resumes_only_when_no_rule_speaks_against_it(project):
    rollouts.start(project, 1, RolloutPlan((0.5, 1.0), rules=QUICK))
    device = project.devices.get(project.rollouts.offered(1)[0])
    project.device_reports.add_note(device.id, Note("k", now(), 1, "refused", "slow"))
    rollouts.advance(project, at_once=True)
    assert rollouts.resume(project, by="ann").state == "halted"
    row = rollouts.resume(project, by="ann", rules=RolloutRules(0, 0, 0.5, refused=2))
    assert (row.state, row.wave) == ("running", 0)
    follow(project)
    assert rollouts.advance(project, at_once=True).wave == 1


def test_a_person_halts_and_resumes(project):
    rollouts.start(project, 1, RolloutPlan((0.5, 1.0), rules=QUICK))
    row = rollouts.halt(project, by="ann", why="the cell is rebuilt")
    assert (row.state, row.why) == ("halted", "the cell is rebuilt")
    assert count(project, 1) == 0
    with pytest.raises(ConflictError, match="rollout 1 is halted, so it cannot be halted"):
        rollouts.halt(project, by="ann")
    assert rollouts.advance(project, at_once=True).state == "halted"
    assert rollouts.resume(project, by="ann").state == "running"
    assert count(project, 1) == 5
    with pytest.raises(ConflictError, match="is running, so it cannot be resumed"):
        rollouts.resume(project, by="ann")


def test_a_rollout_goes_on_where_it_was_after_a_restart(project, tmp_path):
    rollouts.start(project, 1, RolloutPlan(rules=QUICK))
    follow(project)
    assert rollouts.advance(project, at_once=True).wave == 1
    with open_store(tmp_path / "home") as again:
        same = again.project("casings")
        assert rollouts.status(same).row.wave == 1
        follow(same)
        assert rollouts.advance(same, at_once=True).wave == 2


def test_an_older_rollout_is_superseded_and_its_release_offered_no_more(project):
    rollouts.start(project, 1, RolloutPlan((0.5, 1.0), rules=QUICK))
    first = project.rollouts.offered(1)[0]
    runs(project, first, 1)
    rollouts.halt(project, by="ann")
    rollouts.start(project, 2, RolloutPlan((0.1, 1.0), rules=QUICK))
    assert [r.state for r in project.rollouts.list()] == ["running", "superseded"]
    assert count(project, 2) == 1
    assert {n for n, v in offered(project).items() if v == 1} <= {first}
    with pytest.raises(ConflictError, match="release 1 is older than 2"):
        rollouts.start(project, 1)


def test_named_devices_come_first(project):
    plan = RolloutPlan((0.5, 1.0), ("press-07", "press-03"), QUICK)
    rollouts.start(project, 1, plan)
    assert project.rollouts.offered(1) == ["press-03", "press-07"]
    follow(project)
    rollouts.advance(project, at_once=True)
    assert count(project, 1) == 5
    with pytest.raises(NotFoundError, match="no registered device 'press-99'"):
        rollouts.start(project, 2, RolloutPlan(canary=("press-99",)))
    assert project.rollouts.get().version == 1


def test_what_never_was_cannot_be_rolled_out(project):
    with pytest.raises(NotFoundError, match="no release 9"):
        rollouts.start(project, 9)
    with pytest.raises(NotFoundError, match="no rollout yet"):
        rollouts.status(project)
    assert rollouts.advance(project) is None


def test_rolled_back_devices_get_the_old_content_as_a_new_version(project, tmp_path):
    rollouts.start(project, 1, RolloutPlan((1.0,), rules=QUICK))
    follow(project)
    assert rollouts.advance(project, at_once=True).state == "done"
    rollouts.start(project, 3, RolloutPlan((0.5, 1.0), rules=QUICK))
    reached = project.rollouts.offered(3)
    row = rollout_back.roll_back(project, tmp_path, by="ann")
    assert (row.number, row.version) == (3, 4)
    assert project.releases.get(4).gate["content_of"] == 1
    assert [r.state for r in project.rollouts.list()] == ["running", "rolled back", "done"]
    assert {n for n, v in offered(project).items() if v == 4} == set(reached)
    follow(project)
    assert rollouts.advance(project, at_once=True).state == "done"


def test_going_back_by_hand_brings_all_devices_and_those_that_come_later(
    store, project, tmp_path
):
    for version in (1, 3):
        rollouts.start(project, version, RolloutPlan((1.0,), rules=QUICK))
        follow(project)
        rollouts.advance(project, at_once=True)
    done = roll_back(project, 2, tmp_path, by="ann", reason="too many dents missed")
    assert (done.row.version, done.rollout, done.devices) == (4, 3, 10)
    assert count(project, 4) == 10
    assert [r.state for r in project.rollouts.list()] == ["running", "rolled back", "done"]
    assert project.rollouts.get(2).why == "release 4 brings back the content of 2"
    assert project.promotions.list(1)[0].record["reason"] == "too many dents missed"
    follow(project)
    assert rollouts.advance(project, at_once=True).state == "done"
    _, code = add_device(project, "late", by="ann")
    register_device(store, code)
    assert offered(project)["late"] == 4


def test_going_back_by_hand_leaves_alone_whom_the_rollout_had_not_reached(project, tmp_path):
    rollouts.start(project, 1, RolloutPlan((1.0,), rules=QUICK))
    follow(project)
    rollouts.advance(project, at_once=True)
    rollouts.start(project, 2, RolloutPlan((0.5, 1.0), rules=QUICK))
    done = roll_back(project, 1, tmp_path, by="ann")
    assert done.devices == 5
    assert (count(project, 1), count(project, 4)) == (5, 5)


def test_going_back_to_what_the_devices_run_moves_none(project, tmp_path):
    rollouts.start(project, 2, RolloutPlan((1.0,), rules=QUICK))
    follow(project)
    done = roll_back(project, 2, tmp_path, by="ann")
    assert (done.rollout, done.devices) == (None, 0)
    assert "none to bring back" in done.sentences()[1]
    assert count(project, 2) == 10


def test_without_a_release_before_a_version_to_go_back_to_must_be_named(project, tmp_path):
    rollouts.start(project, 2, RolloutPlan((0.5, 1.0), rules=QUICK))
    with pytest.raises(NotFoundError, match="no release was rolled out to all devices before"):
        rollout_back.roll_back(project, tmp_path, by="ann")
    assert rollout_back.roll_back(project, tmp_path, by="ann", to=1).version == 4


def test_a_device_that_comes_later_belongs_to_the_last_wave(store, project):
    rollouts.start(project, 1, RolloutPlan((1.0,), rules=QUICK))
    follow(project)
    rollouts.advance(project, at_once=True)
    rollouts.start(project, 2, RolloutPlan((0.5, 1.0), rules=QUICK))
    _, code = add_device(project, "late", by="ann")
    device = register_device(store, code).device
    found = project.devices.get("late")
    assert (found.wave, found.desired) == (1, 1)
    follow(project)
    rollouts.advance(project, at_once=True)
    assert offered(project)["late"] == 2
    assert device.name == "late"


def test_a_device_that_is_revoked_holds_up_no_wave(project):
    rollouts.start(project, 1, RolloutPlan((0.2, 1.0), rules=RolloutRules(0, 0, 1.0)))
    first, second = project.rollouts.offered(1)
    runs(project, first, 1)
    assert rollouts.advance(project, at_once=True).wave == 0
    revoke_device(project, second, by="ann")
    assert rollouts.advance(project, at_once=True).wave == 1


def test_a_rollout_is_looked_at_now_and_then_only(project):
    rollouts.start(project, 1, RolloutPlan((0.1, 1.0), rules=QUICK))
    follow(project)
    assert rollouts.advance(project).wave == 0
    assert rollouts.advance(project, now=now() + timedelta(seconds=11)).wave == 1


@pytest.mark.parametrize("seed", range(5))
def test_whatever_happens_no_wave_is_skipped_and_none_opens_while_a_rule_to_halt_holds(
    project, seed
):
    draw = random.Random(seed)
    rollouts.start(project, 1, RolloutPlan((0.1, 0.3, 0.6, 1.0), rules=QUICK))
    waves, names = [0], [name for _, name in project.rollouts.candidates()]
    for turn in range(25):
        name = draw.choice(names)
        version = rollout_device.desired(project, project.devices.get(name))
        happens = draw.random()
        if version is not None and happens < 0.7:
            runs(project, name, 1)
        elif version is not None and happens < 0.75:
            note = Note(f"{turn}", now(), 1, "refused", "slow")
            project.device_reports.add_note(project.devices.get(name).id, note)
        failed = any(w.failed for w in project.rollouts.waves(1).values())
        was = project.rollouts.get()
        if was.state == "halted" and happens > 0.9:
            rollouts.resume(project, by="ann")
        row = rollouts.advance(project, at_once=True)
        assert row.wave in (was.wave, was.wave + 1)
        if failed:
            assert (row.wave, row.state) in ((was.wave, "halted"), (was.wave, "done"))
        waves.append(row.wave)
    assert set(waves) == set(range(max(waves) + 1))
