import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from pitmark.core.errors import NotFoundError
from pitmark.store.device_reports import DeviceState, Note
from pitmark.store.migrations.versions import v0013_rollout_totals
from pitmark.store.part_counts import PartCounts
from pitmark.store.rollouts import WaveCounts
from pitmark.store.schema import now
from tests.store.test_devices import registered

HOUR = datetime(2026, 3, 1, 6, tzinfo=UTC)


@pytest.fixture
def ids(project):
    """Keys of six devices, the first in a wave of its own."""
    made = [registered(project, f"press-{n}")[0].id for n in range(6)]
    project.rollouts.place([made[:1], made[1:4]])
    return made


def test_a_rollout_that_follows_supersedes_the_one_before(project):
    with pytest.raises(NotFoundError, match="no rollout yet"):
        project.rollouts.get()
    first = project.rollouts.add(4, {"waves": [1.0]}, by="ann")
    assert (first.number, first.state, first.wave) == (1, "running", 0)
    second = project.rollouts.add(5, {"waves": [0.1, 1.0]}, by="bob")
    found = project.rollouts.list()
    assert [(r.number, r.state) for r in found] == [(2, "running"), (1, "superseded")]
    assert project.rollouts.get() == second
    project.rollouts.change(2, state="done", why="everyone runs it")
    third = project.rollouts.add(6, {}, by="bob")
    assert project.rollouts.get(2).state == "done"
    assert third.open
    with pytest.raises(NotFoundError, match="no rollout 9"):
        project.rollouts.get(9)


def test_only_the_devices_of_a_wave_are_offered_a_version(project, ids):
    project.rollouts.offer(0, 4)
    assert project.rollouts.offered(4) == ["press-0"]
    project.rollouts.offer(1, 4)
    assert project.rollouts.offered(4) == [f"press-{n}" for n in range(4)]
    project.rollouts.place([[ids[5]]])
    project.rollouts.offer(0, 5)
    assert project.rollouts.offered(5) == ["press-5"]


def test_waves_are_counted_by_the_last_word_of_each_device(project, ids):
    reports = project.device_reports
    for device, on_trial in ((ids[0], False), (ids[1], True)):
        reports.set_state(device, DeviceState(4, on_trial, False, {}))
    reports.add_note(ids[2], Note("a", HOUR, 4, "refused", "too slow"))
    reports.add_note(ids[3], Note("b", HOUR, 4, "refused", "too slow"))
    reports.add_note(ids[3], Note("c", HOUR, 4, "kept"))
    reports.add_note(ids[1], Note("d", HOUR, 3, "rolled back"))
    reports.add_note(ids[0], Note("f", HOUR, 4, "refused", "not newer than 4"))
    reports.add_note(ids[5], Note("e", HOUR, 4, "refused"))
    assert project.rollouts.waves(4) == {0: WaveCounts(1, 1, 0, 0), 1: WaveCounts(3, 1, 1, 1)}
    project.devices.revoke("press-0")
    assert 0 not in project.rollouts.waves(4)


def test_parts_before_and_under_a_version_are_those_of_the_same_devices(project, ids):
    def count(device, *part):
        project.device_reports.count_parts(device, [part])

    count(ids[0], HOUR, 4, "error")
    project.rollouts.add(4, {}, by="ann")
    project.rollouts.place([ids[:1], ids[1:4]])
    moment = now()
    for device in ids[:4]:
        for n in range(10):
            count(device, moment, 3, "NG" if n == 0 else "OK")
    count(ids[0], moment - timedelta(days=9), 3, "NG")
    for device in (ids[1], ids[5]):
        count(device, moment, 4, "error")
    before, under = project.rollouts.parts(1)
    assert before == PartCounts(18, 2, 0)
    assert under == PartCounts(0, 0, 2)
    assert project.rollouts.parts(0)[1] == PartCounts(0, 0, 1)


def walked(told, version, since):
    """The same counts from all parts there ever were."""
    reached = {device for device, _, release, _ in told if release == version}
    out = Counter()
    for device, hour, release, verdict in told:
        under = release == version
        if device in reached and (under or hour >= since):
            out[under, verdict] += 1
    return tuple(PartCounts(*(out[u, v] for v in ("OK", "NG", "error"))) for u in (False, True))


@pytest.mark.parametrize("seed", range(6))
def test_totals_are_those_of_a_walk_over_all_parts_as_are_those_of_the_migration(
    store, project, ids, seed
):
    draw, told, moment = (
        random.Random(seed),
        [],
        now().replace(minute=0, second=0, microsecond=0),
    )
    project.rollouts.add(draw.randint(3, 4), {}, by="ann")
    for number in range(60):
        if number in (20, 40):
            project.rollouts.add(draw.randint(3, 5), {}, by="ann")
            order = draw.sample(ids, 6)
            project.rollouts.place([order[:2], order[2:5]])
        device = draw.choice(ids)
        back = timedelta(days=draw.choice((0, 1, 6, 8)), hours=draw.randrange(3))
        parts = [
            (moment - back, draw.randint(2, 5), draw.choice(("OK", "NG", "error")))
            for _ in range(draw.randint(1, 3))
        ]
        project.device_reports.count_parts(device, parts)
        told += [(device, *part) for part in parts]
    project.rollouts.place_one(order[5], wave=2, desired=None)
    row = project.rollouts.get()
    since = row.created - timedelta(days=7)

    def check():
        for wave, count in ((0, 2), (1, 5), (2, 6)):
            mine = [part for part in told if part[0] in order[:count]]
            assert project.rollouts.parts(wave) == walked(mine, row.version, since)

    check()
    with store.database.write() as connection:
        connection.execute(text("DELETE FROM rollout_waves"))
        # What the migration counts in a workspace that has none of these rows yet.
        for found in connection.execute(v0013_rollout_totals._NEWEST).all():
            asked = {"version": found.version, "project": found.project_id}
            before = found.created - timedelta(days=7)
            connection.execute(v0013_rollout_totals._COUNT, {**asked, "since": before})
    check()
