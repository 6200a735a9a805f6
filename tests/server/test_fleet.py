import pytest

from pitmark.ops.line.rollout_rules import RolloutRules
from pitmark.store.events import EventRow
from pitmark.store.schema import now
from tests.edge.lines import png
from tests.ops.fleets import add_devices, add_release, add_run, runs

FLEET = "/api/orgs/local/projects/plates"
QUICK = RolloutRules(min_hours=0, min_parts=0).to_json()


@pytest.fixture
def project(stores, tmp_path):
    made = stores.of("local").project("plates")
    add_run(made)
    for _ in range(2):
        add_release(made, tmp_path)
    add_devices(made, 10)
    return made


@pytest.fixture
def viewer(client_as, project):
    return client_as("viewer")


@pytest.fixture
def admin(client_as, project):
    return client_as("admin")


def names(told):
    return [d["name"] for d in told.json()["items"]]


def test_the_fleet_is_listed_page_by_page_with_its_ng_rate(viewer, project):
    device = project.devices.get("press-03")
    for number in range(20):
        verdict = "NG" if number < 5 else "OK"
        project.device_reports.count_parts(device.id, [(now(), 1, verdict)])
    first = viewer.get(f"{FLEET}/devices", params={"limit": 4})
    assert names(first) == [f"press-{n:02}" for n in range(4)]
    told = first.json()["items"][3]
    assert (told["ng_rate"], told["state"]) == (0.25, "active")
    assert told["ng_low"] < 0.25 < told["ng_high"]
    assert "5 of 20 parts NG (25.0 %, between" in told["sentence"]
    rest = viewer.get(f"{FLEET}/devices", params={"after": first.json()["after"]})
    assert names(rest) == [f"press-{n:02}" for n in range(4, 10)]
    assert rest.json()["after"] is None


def test_the_fleet_is_filtered_and_counted(viewer, project):
    runs(project, "press-01", 1)
    runs(project, "press-02", 2)
    assert names(viewer.get(f"{FLEET}/devices", params={"release": 2})) == ["press-02"]
    assert names(viewer.get(f"{FLEET}/devices", params={"name": "-05"})) == ["press-05"]
    assert names(viewer.get(f"{FLEET}/devices", params={"state": "revoked"})) == []
    told = viewer.get(f"{FLEET}/fleet").json()
    assert told["states"] == {"active": 10, "silent": 0, "waiting": 0, "revoked": 0}
    assert told["releases"] == {"": 8, "1": 1, "2": 1}
    for wrong in ({"state": "asleep"}, {"limit": 0}, {"hours": 0}, {"release": -1}):
        assert viewer.get(f"{FLEET}/devices", params=wrong).status_code == 422


def test_a_device_is_renewed_and_revoked_by_an_admin(admin, viewer, project):
    code = admin.post(f"{FLEET}/devices/press-01/code").json()["code"]
    assert project.devices.exchange(code) is not None
    assert admin.delete(f"{FLEET}/devices/press-01").status_code == 204
    told = viewer.get(f"{FLEET}/devices/press-01").json()
    assert told["device"]["state"] == "revoked"
    assert viewer.get(f"{FLEET}/devices/absent").status_code == 404
    assert admin.post(f"{FLEET}/devices", json={"name": "press-01"}).status_code == 409


def test_a_rollout_from_its_start_to_its_end_over_http(admin, viewer, project):
    asked = {"version": 1, "waves": [0.1, 1.0], "rules": QUICK}
    told = admin.post(f"{FLEET}/rollouts", json=asked).json()
    assert (told["number"], told["state"], told["wave"]) == (1, "running", 1)
    assert [w["devices"] for w in told["waves"]] == [1, 9]
    runs(project, project.rollouts.offered(1)[0], 1)
    told = viewer.get(f"{FLEET}/rollouts/1").json()
    assert told["wave"] == 2
    told = admin.post(f"{FLEET}/rollouts/1/halt", json={"why": "wait"}).json()
    assert (told["state"], told["why"]) == ("halted", "wait")
    told = admin.post(f"{FLEET}/rollouts/1/resume", json={}).json()
    assert told["state"] == "running"
    for name in project.rollouts.offered(1):
        runs(project, name, 1)
    assert viewer.get(f"{FLEET}/rollouts/1").json()["state"] == "done"
    assert [r["state"] for r in viewer.get(f"{FLEET}/rollouts").json()] == ["done"]


def test_a_rollout_is_rolled_back_over_http(admin, project):
    asked = {"version": 2, "waves": [0.5, 1.0], "rules": QUICK}
    admin.post(f"{FLEET}/rollouts", json=asked)
    told = admin.post(f"{FLEET}/rollouts/1/rollback", json={})
    assert (told.status_code, told.json()["code"]) == (404, "not_found")
    told = admin.post(f"{FLEET}/rollouts/1/rollback", json={"to": 1}).json()
    assert (told["version"], told["state"], len(told["waves"])) == (3, "running", 1)
    assert told["plan"]["canary"] == project.rollouts.offered(3)
    again = admin.post(f"{FLEET}/rollouts/1/halt", json={})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"version": 9}, 404),
        ({"version": 1, "waves": [0.5]}, 422),
        ({"version": 1, "waves": [50, 100]}, 422),
        ({"version": 1, "canary": ["absent"]}, 404),
        ({"version": 1, "rules": {"mood": 1}}, 422),
    ],
)
def test_a_rollout_that_cannot_be_is_refused(admin, project, asked, status):
    assert admin.post(f"{FLEET}/rollouts", json=asked).status_code == status
    assert project.rollouts.list() == []


def test_operators_halt_resume_and_roll_back_within_the_limits(client_as, admin, project):
    operator, labeler = client_as("operator"), client_as("labeler")
    asked = {"version": 2, "waves": [0.5, 1.0]}
    refused = operator.post(f"{FLEET}/rollouts", json={"version": 1})
    assert refused.status_code == 403
    assert "only the version in use" in refused.json()["message"]
    assert operator.post(f"{FLEET}/rollouts", json=asked).status_code == 201
    for verb in ("halt", "resume", "rollback"):
        assert labeler.post(f"{FLEET}/rollouts/1/{verb}", json={}).status_code == 403
    assert operator.post(f"{FLEET}/rollouts/1/halt", json={}).json()["state"] == "halted"
    loose = {"rules": {**QUICK, "refused": 0}}
    assert operator.post(f"{FLEET}/rollouts/1/resume", json=loose).status_code == 403
    assert operator.post(f"{FLEET}/rollouts/1/resume", json={}).json()["state"] == "running"
    admin.put(f"{FLEET}/limits", json={"allowed": ["roll_back"]})
    for path in ("rollouts", "rollouts/1/resume"):
        told = operator.post(f"{FLEET}/{path}", json=asked if path == "rollouts" else {})
        assert told.json()["message"] == "operators may not roll out in this project"
    told = operator.post(f"{FLEET}/rollouts/1/rollback", json={"to": 1})
    assert (told.status_code, told.json()["version"]) == (200, 3)


def test_the_latest_parts_of_a_device_are_inspections(viewer, project):
    row = EventRow("e1", now(), "NG", 0.5, name="p1", device="press-03", release=1)
    project.events.add_many([row])
    (told,) = viewer.get(f"{FLEET}/devices/press-03").json()["latest"]
    assert (told["name"], told["verdict"], told["release"]) == ("p1", "NG", 1)
    assert "facts" not in told


def test_the_picture_that_a_device_sent_is_shown_before_it_is_imported(viewer, project):
    sha = project.blobs.put(png())
    path = f"{FLEET}/images/{sha}/picture"
    assert viewer.get(path).status_code == 404
    row = EventRow("e1", now(), "NG", 0.5, name="p1", device="press-03", sha256=sha)
    project.events.add_many([row])
    shown = viewer.get(path)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
