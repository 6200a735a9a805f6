"""The routes of devices: keys, records, what they should run."""

import base64
import hashlib
import io
import struct
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from pitmark.ops.line import rollouts
from pitmark.ops.line.devices import revoke_device
from pitmark.ops.line.rollout_plan import RolloutPlan
from tests.ops.fleets import add_release, add_run

AT = "2026-03-01T06:30:00+00:00"
REGISTRATION = "/api/devices/registration"
FLEET = "/api/orgs/local/projects/plates"


def png(color=90):
    out = io.BytesIO()
    Image.new("L", (40, 30), color).save(out, "PNG")
    return out.getvalue()


def part(key="a-1", image=None, **changes):
    """A record as the outbox of a device sends it."""
    sha = None if image is None else hashlib.sha256(image).hexdigest()
    return {
        "key": key,
        "sequence": 1,
        "priority": "ng",
        "point": "top",
        "number": 4,
        "custom": 7,
        "at": AT,
        "name": "p4.png",
        "verdict": {"outcome": "NG", "score": 0.9, "label": "dent", "reason": "a dent"},
        "error_code": 0,
        "classification": 1,
        "recipe": 0,
        "findings": [{"label": "dent", "score": 0.9}],
        "release": {"project": "plates", "version": 3, "sha256": "0" * 64},
        "latency_ms": 12.5,
        "total_ms": 14.0,
        "tags": {"lot": "7"},
        "drift": None,
        "other_verdict": None,
        "image_sha256": sha,
        "image_base64": None if image is None else base64.b64encode(image).decode(),
        **changes,
    }


@pytest.fixture
def project(stores):
    return stores.of("local").project("plates")


@pytest.fixture
def device_as(client_as, stores):
    """Makes clients that show the key of a device, registered for a project."""

    def of(name, project="plates", organisation="local"):
        devices = stores.of(organisation).project(project).devices
        found = devices.find(name)
        code = devices.renew_code(name) if found else devices.add(name)[1]
        client = client_as(None)
        told = client.post(REGISTRATION, json={"code": code})
        assert told.status_code == 201, told.text
        client.headers["Authorization"] = f"Bearer {told.json()['key']}"
        return client

    return of


@pytest.fixture
def press(device_as):
    return device_as("press-1")


def send(client, record, device="press-1"):
    headers = {"Idempotency-Key": record["key"]}
    return client.post(f"/api/devices/{device}/events", json=record, headers=headers)


def test_a_device_is_made_known_registers_once_and_is_in_the_audit_log(client_as, project):
    made = client_as("admin").post(f"{FLEET}/devices", json={"name": "press-1"}).json()
    assert made["name"] == "press-1"
    expires = datetime.fromisoformat(made["expires"])
    assert timedelta(minutes=59) < expires - datetime.now(UTC) <= timedelta(hours=1)
    device = client_as(None)
    told = device.post(REGISTRATION, json={"code": made["code"]})
    assert told.status_code == 201
    assert (told.json()["project"], told.json()["device"]) == ("plates", "press-1")
    again = device.post(REGISTRATION, json={"code": made["code"]})
    assert (again.status_code, again.json()["code"]) == (403, "not_allowed")
    log = [(e.who, e.action, e.object) for e in project.audit.entries()[:2]]
    assert log == [
        ("device press-1", "register_device", "project/plates/device/press-1"),
        ("Ada Admin", "add_device", "project/plates/device/press-1"),
    ]


def test_codes_cannot_be_tried_without_end(client_as, project):
    _, code = project.devices.add("press-1")
    device = client_as(None)
    wrong = [device.post(REGISTRATION, json={"code": f"{n}"}).status_code for n in range(11)]
    assert wrong == [403] * 10 + [429]
    assert device.post(REGISTRATION, json={"code": code}).status_code == 429


def test_many_devices_behind_one_address_register_one_after_the_other(device_as):
    for number in range(12):
        device_as(f"press-{number}")


def test_a_record_is_kept_with_its_image_and_sent_again_changes_nothing(press, project):
    image = png()
    record = part(image=image)
    assert send(press, record).status_code == 201
    again = send(press, record)
    assert (again.status_code, again.json()) == (200, {"key": "a-1", "new": False})
    (event,) = project.events.list()
    assert (event.device, event.verdict, event.release) == ("press-1", "NG", 3)
    assert (event.label, event.reason, event.name) == ("dent", "a dent", "p4.png")
    assert event.at == datetime.fromisoformat(AT)
    assert project.blobs.read(event.sha256) == image
    assert event.facts["findings"] == [{"label": "dent", "score": 0.9}]
    assert (event.facts["custom"], event.facts["tags"]) == (7, {"lot": "7"})
    device = project.devices.get("press-1")
    assert datetime.now(UTC) - device.last_seen < timedelta(minutes=5)
    counts = project.device_reports.counts(device.id, datetime(2026, 1, 1, tzinfo=UTC))
    assert (counts.ng, counts.total) == (1, 1)


def test_an_error_that_the_control_saw_is_an_error_here(press, project):
    record = part(error_code=1, verdict={"outcome": "OK", "score": 0.1})
    assert send(press, record).status_code == 201
    assert project.events.list()[0].verdict == "error"


def test_what_a_newer_device_says_besides_is_no_reason_to_refuse_it(press):
    assert send(press, part(mood="sunny", verdict={"outcome": "OK", "joy": 1})).is_success


def test_a_clock_that_is_ahead_is_set_right_and_one_that_is_behind_believed(press, project):
    send(press, part("k1", at="2099-01-01T00:00:00+00:00"))
    send(press, part("k2", at="2001-01-01T00:00:00+02:00"))
    ahead, behind = project.events.list()
    assert datetime.now(UTC) - ahead.at < timedelta(minutes=5)
    assert behind.at == datetime(2000, 12, 31, 22, tzinfo=UTC)


def test_versions_of_another_project_are_not_taken_for_ones_own(press, project):
    send(press, part(release={"project": "lids", "version": 3}))
    assert project.events.list()[0].release is None


def test_two_devices_with_the_same_record_keys_do_not_meet(device_as, project):
    one, two = device_as("press-1"), device_as("press-2")
    assert send(one, part()).status_code == 201
    assert send(two, part(), "press-2").status_code == 201
    assert len(project.events.list()) == 2


def bomb():
    """A PNG of a few hundred bytes that says it is 60,000 pixels wide and high."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    data = zlib.compress(b"\0" * 5000)
    chunks = chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (part(image=b"not an image"), "not an image"),
        (part(image=png()[:60]), "p4.png"),
        (part(image=bomb()), "p4.png"),
        (part(image=png(), image_sha256="0" * 64), "announced was 0000"),
        (part(image=png(), image_sha256=None), "without its image_sha256"),
        (part(image_base64="!!", image_sha256="0" * 64), "not base64"),
        (part(at=None), "does not say when"),
        (part(at="2026-03-01T06:30:00"), "timezone"),
        (part(verdict=None), "neither of a part nor of a release"),
        (part(verdict={"outcome": "maybe"}), "'ok', 'ng' or 'error'"),
        (part(key="../x"), "pattern"),
        (part(tags={"lot": "7" * 1_100_000}), "at most 1,000,000 are taken"),
    ],
)
def test_what_will_never_be_accepted_is_refused_for_good_and_leaves_nothing(
    press, project, stores, record, why
):
    blobs = sorted(p.name for p in project.blobs.folder.rglob("*") if p.is_file())
    told = send(press, record)
    assert told.status_code == 422
    assert why in told.json()["message"]
    assert project.events.list() == []
    assert blobs == sorted(p.name for p in project.blobs.folder.rglob("*") if p.is_file())
    assert send(press, part("a-2", png())).status_code == 201
    assert stores.local().check() == []


def test_the_key_in_the_header_must_be_that_of_the_record(press):
    headers = {"Idempotency-Key": "other"}
    told = press.post("/api/devices/press-1/events", json=part(), headers=headers)
    assert told.status_code == 422


ROUTES = [
    ("POST", "events"),
    ("POST", "events/batch"),
    ("PUT", "state"),
    ("GET", "desired"),
    ("GET", "releases/1/bundle"),
]


BODY = {**part(), "records": [part()]}


def asked(client, device):
    return {
        (told.status_code, told.json().get("code"))
        for method, path in ROUTES
        for told in [client.request(method, f"/api/devices/{device}/{path}", json=BODY)]
    }


def test_the_key_of_another_device_is_refused_on_every_route(device_as, project):
    device_as("press-1")
    assert asked(device_as("press-2"), "press-1") == {(404, "not_found")}
    assert project.events.list() == []


def test_a_device_of_another_organisation_reaches_only_its_own_project(
    device_as, project, stores
):
    device_as("press-1")
    theirs = device_as("press-1", "casings", "acme")
    assert send(theirs, part()).status_code == 201
    assert project.events.list() == []
    assert len(stores.of("acme").project("casings").events.list()) == 1
    assert asked(device_as("other", "casings", "acme"), "press-1") == {(404, "not_found")}


def test_a_revoked_device_and_an_old_key_are_refused_on_every_route(device_as, project):
    old = device_as("press-1")
    new = device_as("press-1")
    assert asked(old, "press-1") == {(401, "not_signed_in")}
    assert send(new, part()).is_success
    revoke_device(project, "press-1", by="ada")
    assert asked(new, "press-1") == {(401, "not_signed_in")}


def test_nobody_reaches_a_project_that_was_deleted(press, stores):
    stores.local().delete_project("plates")
    assert asked(press, "press-1") == {(401, "not_signed_in")}


@pytest.fixture
def released(project, tmp_path):
    add_run(project)
    return add_release(project, tmp_path)


def test_a_device_is_told_what_to_run_and_gets_it_in_pieces(press, project, released):
    url = "/api/devices/press-1"
    nothing = {"version": None, "sha256": None, "size_bytes": None}
    assert press.get(f"{url}/desired").json() == nothing
    rollouts.start(project, 1, RolloutPlan((1.0,)))
    told = press.get(f"{url}/desired")
    data = project.blobs.read(released.bundle_sha)
    wanted = {"version": 1, "sha256": released.bundle_sha, "size_bytes": len(data)}
    assert told.json() == wanted
    tag = told.headers["etag"]
    same = press.get(f"{url}/desired", headers={"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")
    whole = press.get(f"{url}/releases/1/bundle")
    assert whole.content == data
    asked_for = {"Range": "bytes=100-", "If-Range": tag}
    rest = press.get(f"{url}/releases/1/bundle", headers=asked_for)
    assert (rest.status_code, rest.content) == (206, data[100:])
    assert rest.headers["content-range"] == f"bytes 100-{len(data) - 1}/{len(data)}"
    other = press.get(
        f"{url}/releases/1/bundle", headers={**asked_for, "If-Range": f'"{"0" * 64}"'}
    )
    assert (other.status_code, other.content) == (200, data)
    assert press.get(f"{url}/releases/2/bundle").status_code == 404
    rollouts.halt(project, by="ada")
    assert press.get(f"{url}/desired").json() == nothing


def note(key, outcome, **more):
    about = {"key": key, "at": AT, "outcome": outcome, **more}
    return {"key": f"r-{key}", "release_note": about}


def test_what_became_of_a_release_is_seen_in_the_fleet_and_halts_a_rollout(
    press, client_as, project, released
):
    rollouts.start(project, 1, RolloutPlan((1.0,)))
    refused = note("n1", "refused", sha256=released.bundle_sha, reason="too slow here")
    assert send(press, refused).status_code == 201
    assert send(press, {**refused, "key": "r-again"}).status_code == 200
    seen = client_as("viewer").get(f"{FLEET}/devices/press-1").json()
    (told,) = seen["notes"]
    assert (told["version"], told["outcome"], told["reason"]) == (1, "refused", "too slow here")
    rollout = client_as("viewer").get(f"{FLEET}/rollouts/1").json()
    assert rollout["state"] == "halted"
    assert rollout["waves"][0]["failed"] == 1


def test_the_release_of_a_device_follows_what_it_tells(press, project):
    def runs():
        row = project.devices.get("press-1")
        return row.release, row.on_trial

    send(press, note("n1", "activated", version=4, on_trial=True))
    assert runs() == (4, True)
    send(press, note("n2", "rolled back", version=4, to=3, reason="slow"))
    assert runs() == (3, False)
    state = {"release": 5, "on_trial": False, "drift": True, "facts": {"disk_free_bytes": 9}}
    assert press.put("/api/devices/press-1/state", json=state).status_code == 204
    assert runs() == (5, False)
    assert project.devices.get("press-1").state == {"disk_free_bytes": 9}
    huge = {**state, "facts": {"x": "y" * 70_000}}
    assert press.put("/api/devices/press-1/state", json=huge).status_code == 422


def watch(**changes):
    """A watch for drift as a device tells of it."""
    return {
        "point": "top",
        "release": "main",
        "alarm": True,
        "threshold": 5000.0,
        "since": 16,
        "since_low": 11,
        "since_high": 18,
        "carriers": [["camera", "2"]],
        "sentence": "camera 2: the image is 18 % darker since image 16",
        "component": "brightness",
        "reference_mean": 0.4,
        "reference_deviation": 0.01,
        "images": [10, 20],
        "evidence": [0.5, 6000.0],
        "values": [0.4, 0.33],
        "alarms": [20],
        "newest": [{"number": 19, "name": "p19.png", "novelty": 4.2}],
        **changes,
    }


def test_the_course_of_drift_is_seen_by_who_may_see_the_project(press, client_as):
    state = {"drift": True, "watches": [watch()]}
    assert press.put("/api/devices/press-1/state", json=state).status_code == 204
    (told,) = client_as("viewer").get(f"{FLEET}/drift").json()
    assert (told["device"], told["watches"]) == ("press-1", [watch()])
    assert client_as("viewer").get(f"{FLEET}/drift?device=press-2").json() == []
    assert client_as("outsider").get(f"{FLEET}/drift").status_code == 404
    assert press.get(f"{FLEET}/drift").status_code == 401


def test_a_device_that_tells_of_no_watch_keeps_the_course_that_it_told(press, project):
    for state in ({"watches": [watch()]}, {"drift": True}):
        assert press.put("/api/devices/press-1/state", json=state).status_code == 204
    (row,) = project.device_drift.list()
    assert row.watches == [watch()]


@pytest.mark.parametrize(
    "changes",
    [{"values": [0.4]}, {"evidence": [1.0, "x"]}, {"images": list(range(501))}, {"point": 3}],
)
def test_a_course_that_is_none_is_refused(press, changes):
    state = {"watches": [watch(**changes)]}
    assert press.put("/api/devices/press-1/state", json=state).status_code == 422
