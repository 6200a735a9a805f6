"""Devices and rollouts, one suite for `pitmark.open` and `pitmark.connect`."""

import pytest

from pitmark.core.errors import ConflictError, InvalidInputError, NotFoundError
from pitmark.core.label_book import LabelBook
from pitmark.ops.line.rollout_rules import RolloutRules
from pitmark.store.db import open_store
from tests.ops.fleets import add_devices, add_release, add_run, runs


@pytest.fixture
def project(workspace, request):
    name = f"line {request.node.name[:50]}"
    return workspace.create_project(name, task="detection", label_book=LabelBook())


@pytest.fixture
def store(project, way, request):
    """The same project behind the back of Python: what devices do and say."""
    if way == "open":
        yield project.store
        return
    with open_store(request.getfixturevalue("served")[2]) as opened:
        yield opened.project(project.name)


def names(page):
    return [d.name for d in page.items]


def test_devices_are_made_known_renewed_and_revoked(project, store):
    assert (project.devices.list().items, project.devices.list().after) == ([], None)
    code = project.devices.add("press-1")
    assert (code.name, len(code.code)) == ("press-1", 19)
    assert project.devices.show("press-1").device.state == "waiting"
    again = project.devices.renew("press-1")
    assert store.devices.exchange(code.code) is None
    assert store.devices.exchange(again.code) is not None
    assert project.devices.show("press-1").device.state == "active"
    project.devices.revoke("press-1")
    assert project.devices.show("press-1").device.state == "revoked"
    with pytest.raises(ConflictError, match="a device 'press-1' already"):
        project.devices.add("press-1")
    with pytest.raises(InvalidInputError, match="cannot name a device"):
        project.devices.add("press 1")
    for ask in (project.devices.show, project.devices.renew, project.devices.revoke):
        with pytest.raises(NotFoundError, match="no device 'press-9'"):
            ask("press-9")


def test_devices_are_listed_page_by_page_and_filtered(project, store):
    add_devices(store, 5)
    runs(store, "press-03", 2)
    page = project.devices.list(limit=2)
    assert (names(page), page.after) == (["press-00", "press-01"], "press-01")
    assert names(project.devices.list(after=page.after)) == [f"press-0{n}" for n in (2, 3, 4)]
    assert names(project.devices.list(name="04")) == ["press-04"]
    assert names(project.devices.list(release=2)) == ["press-03"]
    assert names(project.devices.list(state="active", drift=True)) == []
    with pytest.raises(InvalidInputError):
        project.devices.list(limit=0)
    with pytest.raises(TypeError, match="mood"):
        project.devices.list(mood="sunny")


@pytest.fixture
def fleet(project, store, tmp_path):
    """Four devices, and releases 1 and 2."""
    add_devices(store, 4)
    add_run(store)
    for number in (1, 2):
        (tmp_path / f"{number}").mkdir()
        add_release(store, tmp_path / f"{number}")
    return project


def test_a_rollout_is_started_halted_and_resumed(fleet, store):
    with pytest.raises(NotFoundError, match="no rollout yet"):
        fleet.rollouts.status()
    with pytest.raises(NotFoundError, match="no rollout yet"):
        fleet.rollouts.halt()
    rules = RolloutRules(min_hours=0, min_parts=0)
    begun = fleet.rollouts.start(1, waves=[1.0], canary=["press-02"], rules=rules)
    assert (begun.number, begun.version, begun.state, begun.wave) == (1, 1, "running", 1)
    assert [w.devices for w in begun.waves] == [1, 3]
    assert begun.plan["rules"] == rules.to_json()
    halted = fleet.rollouts.halt("looks odd")
    assert (halted.state, halted.why) == ("halted", "looks odd")
    with pytest.raises(ConflictError, match="is halted"):
        fleet.rollouts.halt()
    assert fleet.rollouts.resume().state == "running"
    runs(store, "press-02", 1)
    second = fleet.rollouts.status()
    assert (second.state, second.wave, second.waves[0].running) == ("running", 2, 1)
    for number in (0, 1, 3):
        runs(store, f"press-0{number}", 1)
    assert fleet.rollouts.status(1).state == "done"
    (line,) = fleet.rollouts.list()
    assert (line.number, line.version, line.state) == (1, 1, "done")


def test_what_cannot_be_rolled_out_is_refused(fleet):
    with pytest.raises(NotFoundError, match="release 9"):
        fleet.rollouts.start(9)
    with pytest.raises(NotFoundError, match="no registered device 'gone'"):
        fleet.rollouts.start(1, canary=["gone"])
    with pytest.raises(InvalidInputError, match="must reach all devices"):
        fleet.rollouts.start(1, waves=[0.1, 0.5])
    fleet.rollouts.start(2)
    with pytest.raises(ConflictError, match="older than 2"):
        fleet.rollouts.start(1)
    with pytest.raises(NotFoundError, match="no rollout 7"):
        fleet.rollouts.status(7)
    with pytest.raises(NotFoundError, match="rolled out to all devices before"):
        fleet.rollouts.roll_back()
