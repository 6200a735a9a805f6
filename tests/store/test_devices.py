from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from pitmark.core.errors import ConflictError, InvalidInputError, NotFoundError
from pitmark.store.device_reports import DeviceState, Note
from pitmark.store.fleet import FleetFilter
from pitmark.store.part_counts import PartCounts
from pitmark.store.schema import now
from tests.store.engines import on_sqlite

HOUR = datetime(2026, 3, 1, 6, tzinfo=UTC)


def registered(project, name):
    """A device with a key."""
    _, code = project.devices.add(name)
    return project.devices.exchange(code)


def page(project, asked=None, **more):
    ago = {"silent_since": now() - timedelta(hours=1), "parts_since": HOUR}
    return project.fleet.page(asked or FleetFilter(), **{**ago, **more})


def names(project, asked=None, **more):
    return [f.device.name for f in page(project, asked, **more)]


def test_a_code_is_good_for_one_key_however_it_is_typed(store, project):
    row, code = project.devices.add("press-3")
    assert (row.name, row.project, row.registered) == ("press-3", "casings", None)
    device, key = project.devices.exchange(f" {code.lower().replace('-', ' ')} ")
    assert device.registered is not None
    assert device.code_expires is None
    assert store.devices.by_key(key) == device
    assert project.devices.exchange(code) is None


def test_a_code_runs_out(project, folders, home):
    _, code = project.devices.add("press-3")
    folders.run(home, "UPDATE devices SET code_expires = '2020-01-01 00:00:00'")
    assert project.devices.exchange(code) is None


def test_nothing_that_is_stored_tells_a_code_or_a_key(project, folders, home):
    _, key = registered(project, "press-3")
    _, code = project.devices.add("press-4")
    dump = str(folders.dump(home))
    assert key not in dump
    assert code not in dump
    assert code.replace("-", "") not in dump


def test_a_new_code_replaces_the_key_only_when_it_is_used(project):
    _, old = registered(project, "press-3")
    code = project.devices.renew_code("press-3")
    assert project.devices.by_key(old) is not None
    _, new = project.devices.exchange(code)
    assert project.devices.by_key(old) is None
    assert project.devices.by_key(new).name == "press-3"


def test_a_revoked_device_is_known_by_name_and_let_in_no_more(project):
    _, key = registered(project, "press-3")
    project.devices.renew_code("press-3")
    row = project.devices.revoke("press-3")
    assert row.revoked is not None
    assert row.code_expires is None
    assert project.devices.by_key(key) is None
    _, again = project.devices.exchange(project.devices.renew_code("press-3"))
    assert project.devices.by_key(again).revoked is None


def test_two_devices_of_a_project_have_different_names_that_fit_an_address(project):
    project.devices.add("press-3")
    with pytest.raises(ConflictError, match="a device 'press-3' already"):
        project.devices.add("press-3")
    for name in ("", "a b", "../x", "-a", "é", "a" * 65):
        with pytest.raises(InvalidInputError, match="cannot name a device"):
            project.devices.add(name)
    with pytest.raises(NotFoundError, match="no device 'press-4'"):
        project.devices.get("press-4")


def test_parts_are_counted_by_hour_and_release(project):
    device, _ = registered(project, "press-3")
    late = HOUR + timedelta(minutes=59, seconds=59)
    for at, release, verdict in [
        (HOUR, 3, "OK"),
        (late, 3, "NG"),
        (late, 4, "NG"),
        (HOUR + timedelta(hours=1), None, "error"),
    ]:
        project.device_reports.count_parts(device.id, [(at, release, verdict)])
    assert project.device_reports.counts(device.id, HOUR) == PartCounts(1, 2, 1)
    assert project.device_reports.counts(device.id, late) == PartCounts(0, 0, 1)


def test_what_became_of_a_release_is_kept_once_and_told_newest_first(project):
    device, _ = registered(project, "press-3")
    first = Note("k1", HOUR, 4, "activated")
    second = Note("k2", HOUR, 4, "rolled back", "five slow images in a row")
    assert [project.device_reports.add_note(device.id, n) for n in (first, second, first)] == [
        True,
        True,
        False,
    ]
    assert project.device_reports.notes(device.id) == [second, first]
    assert page(project)[0].note == second


def test_the_fleet_is_paged_and_filtered(project):
    for number in range(7):
        registered(project, f"press-{number}")
    project.devices.add("lathe_1")
    project.devices.revoke("press-6")
    ids = {f.device.name: f.device.id for f in page(project)}
    for name, release, drift in (("press-1", 3, True), ("press-2", 4, False)):
        state = DeviceState(release, False, drift, {"disk_free_bytes": 5})
        project.device_reports.set_state(ids[name], state)
    project.rollouts.place([[ids["press-1"], ids["press-2"]]])
    project.rollouts.offer(0, 4)
    assert names(project, limit=3) == ["lathe_1", "press-0", "press-1"]
    assert names(project, after="press-1", limit=2) == ["press-2", "press-3"]
    assert names(project, FleetFilter(name="e_1")) == ["lathe_1"]
    assert names(project, FleetFilter(state="waiting")) == ["lathe_1"]
    assert names(project, FleetFilter(state="revoked")) == ["press-6"]
    assert len(names(project, FleetFilter(state="active"))) == 6
    later = now() + timedelta(minutes=1)
    assert len(names(project, FleetFilter(state="silent"), silent_since=later)) == 6
    assert names(project, FleetFilter(release=3)) == ["press-1"]
    assert names(project, FleetFilter(behind=True)) == ["press-1"]
    assert names(project, FleetFilter(drift=True, release=4)) == []
    found = page(project, FleetFilter(drift=True))[0].device
    assert found.state == {"disk_free_bytes": 5}
    told = project.fleet.summary(silent_since=now() - timedelta(hours=1))
    assert told.states == {"active": 6, "silent": 0, "waiting": 1, "revoked": 1}
    assert told.releases == {None: 4, 3: 1, 4: 1}
    assert (told.behind, told.drift) == (1, 1)


@on_sqlite
def test_a_page_of_the_fleet_is_one_question(store, project):
    for number in range(5):
        registered(project, f"press-{number}")
    asked = []

    def note(connection, cursor, statement, *_):
        asked.append(statement)

    event.listen(store.database.engine, "before_cursor_execute", note)
    assert len(page(project)) == 5
    event.remove(store.database.engine, "before_cursor_execute", note)
    assert len([s for s in asked if s.startswith("SELECT")]) == 1
