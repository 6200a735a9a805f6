import pytest

from pitmark.store.db import open_store
from pitmark.store.schema import now
from tests.ops.fleets import add_devices, add_release, make_project, runs


@pytest.fixture
def home(tmp_path):
    """A workspace with two releases and ten devices."""
    with open_store(tmp_path / "home", create=True) as store:
        project = make_project(store)
        for _ in range(2):
            add_release(project, tmp_path)
        add_devices(project, 10)
    return tmp_path / "home"


@pytest.fixture
def call(pitmark_in, home):
    return pitmark_in(home)


@pytest.fixture
def project(home):
    with open_store(home) as store:
        yield store.project("casings")


def test_a_device_is_added_renewed_and_revoked(call, project):
    status, made, _ = call("devices", "add", "lathe-1")
    assert status == 0
    assert project.devices.exchange(made["code"]) is not None
    _, told, _ = call("devices", "renew", "lathe-1", as_json=False)
    assert "pitmark edge register https://SERVER" in told
    assert call("devices", "revoke", "lathe-1")[1]["state"] == "revoked"
    _, found, _ = call("devices", "list", "--state", "revoked")
    assert [d["name"] for d in found["items"]] == ["lathe-1"]
    status, _, err = call("devices", "add", "lathe-1")
    assert (status, "a device 'lathe-1' already" in err) == (1, True)


def test_the_fleet_is_listed_for_a_person(call, project):
    device = project.devices.get("press-01")
    for verdict in ("OK", "OK", "OK", "NG"):
        project.device_reports.count_parts(device.id, [(now(), 1, verdict)])
    runs(project, "press-01", 1)
    _, told, _ = call("devices", "list", "--limit", "3", as_json=False)
    assert "press-01  active  1" in told
    assert "25.0% (4.6% to 69.9%)" in told
    assert "10 active; 0 behind, 0 with drift" in told
    assert "More: pitmark devices list --after press-02" in told
    _, told, _ = call("devices", "show", "press-01", as_json=False)
    assert "1 of 4 parts NG" in told


def test_a_rollout_by_commands(call, project):
    status, told, _ = call(
        *("rollout", "1", "--waves", "10,100%", "--min-hours", "0", "--min-parts", "0"),
        *("--halt-ng-jump", "0.2", "--halt-refused", "2", "--canary", "press-07"),
    )
    assert status == 0
    assert [w["devices"] for w in told["waves"]] == [1, 9]
    rules = told["plan"]["rules"]
    assert (rules["ng_jump"], rules["refused"], rules["errors"]) == (0.2, 2, 0.02)
    runs(project, "press-07", 1)
    assert call("rollout", "status")[1]["wave"] == 2
    _, told, _ = call("rollout", "halt", "--why", "the cell is rebuilt", as_json=False)
    assert "Rollout 1 of release 1: halted, wave 2 of 2" in told
    assert "The cell is rebuilt." in told
    _, told, _ = call("rollout", "resume", "--halt-errors", "0.5")
    assert (told["state"], told["plan"]["rules"]["errors"]) == ("running", 0.5)
    assert told["plan"]["rules"]["ng_jump"] == 0.2
    call("rollout", "2", "--only-canary", "--canary", "press-01")
    _, told, _ = call("rollout", "roll-back", "--to", "1")
    assert (told["version"], told["state"]) == (3, "running")
    states = [r["state"] for r in call("rollout", "list")[1]]
    assert states == ["running", "rolled back", "superseded"]


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("9",), "no release 9"),
        (("1", "--waves", "many"), "waves cannot be 'many'"),
        (("1", "--waves", "10,50"), "must reach all devices, found 50 %"),
        (("1", "--halt-errors", "5"), "errors must lie between 0 and 1"),
        (("status",), "no rollout yet"),
        (("halt",), "no rollout yet"),
    ],
)
def test_what_cannot_be_rolled_out_is_refused_in_words(call, arguments, match):
    status, _, err = call("rollout", *arguments)
    assert status == 1
    assert match in err
