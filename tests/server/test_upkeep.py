"""Upkeep over HTTP: who may what, the loop that starts what is due, never two at once."""

from datetime import timedelta

import pytest

from pitmark.ops.images.snapshots import take_snapshot
from pitmark.server.upkeep_loop import look_after_all
from pitmark.store.events import EventRow
from pitmark.store.promotions import NewPromotion

PROJECT = "/api/orgs/local/projects/casings"


@pytest.fixture
def casings(stores):
    return stores.of("local").project("casings")


@pytest.fixture
def in_use(casings):
    """A run that is the champion, without the minutes that training takes."""
    info = take_snapshot(casings)
    run = casings.runs.create("train", info.id, {"preset": "fast"}, 0)
    casings.runs.finish(run.id, {}, None, {})
    casings.promotions.name("champion", run.id, by="ada")
    return run.id


def test_everybody_sees_how_the_line_stands(client_as, casings, in_use):
    told = client_as("viewer").get(f"{PROJECT}/upkeep").json()
    assert (told["run"], told["version"], told["waiting"]) == (in_use, None, 0)
    assert told["due"] == {"due": False, "reason": "the schedule is off", "corrections": 0}
    assert told["limits"]["updates_per_day"] == 3
    assert client_as("viewer").get(f"{PROJECT}/promotions").json() == []


@pytest.mark.parametrize("role", ["viewer", "labeler", "operator"])
def test_limits_and_schedule_are_set_by_admins_alone(client_as, casings, role):
    for where, change in (("limits", {"updates_per_day": 9}), ("schedule", {"on": True})):
        answer = client_as(role).put(f"{PROJECT}/{where}", json=change)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert casings.settings.get("limits") is casings.settings.get("schedule") is None


def test_an_admin_sets_limits_and_schedule_bit_by_bit(client_as, casings):
    admin = client_as("admin")
    admin.put(f"{PROJECT}/limits", json={"updates_per_day": 1, "gate": {"margin": 0.05}})
    told = admin.put(f"{PROJECT}/limits", json={"hours": [22, 6]}).json()["limits"]
    assert (told["updates_per_day"], told["hours"]) == (1, [22, 6])
    assert (told["gate"]["margin"], told["gate"]["shadow"]) == (0.05, 200)
    told = admin.put(f"{PROJECT}/schedule", json={"on": True, "corrections": None}).json()
    assert told["schedule"] == {
        "on": True, "corrections": None, "harm": False, "retry_hours": 1.0
    }  # fmt: skip
    for wrong in ({"hours": [5, 5]}, {"must_pass": ["luck"]}, {"gate": {"margin": 7}}):
        answer = admin.put(f"{PROJECT}/limits", json=wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input"), wrong


def _start(client, kind, **options):
    return client.post(f"{PROJECT}/jobs", json={"kind": kind, "options": options})


def test_operators_update_and_labelers_do_not(client_as, casings, in_use):
    for kind in ("feedback", "update", "promote"):
        assert _start(client_as("labeler"), kind).status_code == 403
    for kind in ("train", "release", "audit"):
        assert _start(client_as("operator"), kind).status_code == 403
    assert _start(client_as("operator"), "feedback", count=5).status_code == 201
    assert _start(client_as("operator"), "update").status_code == 201


def test_an_update_that_waits_keeps_others_from_starting(client_as, casings, in_use):
    operator = client_as("operator")
    assert _start(operator, "update").status_code == 201
    for kind in ("update", "promote"):
        answer = _start(operator, kind)
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert "an update of this project is under way" in answer.json()["message"]


def test_operators_keep_within_the_limits_and_admins_need_not(client_as, casings, in_use):
    admin, operator = client_as("admin"), client_as("operator")
    admin.put(f"{PROJECT}/limits", json={"allowed": ["promote"]})
    answer = _start(operator, "update")
    assert answer.status_code == 403
    assert answer.json()["message"] == "operators may not update in this project"
    over = _start(operator, "promote", override=["must_catch"])
    assert "may not pass over the check 'must_catch'" in over.json()["message"]
    back = operator.post(f"{PROJECT}/releases/1/rollback")
    assert back.status_code == 403
    assert _start(admin, "update").status_code == 201


def test_operators_roll_back_and_labelers_do_not(client_as, casings):
    assert client_as("labeler").post(f"{PROJECT}/releases/1/rollback").status_code == 403
    # Let in, it says that there is no such release.
    assert client_as("operator").post(f"{PROJECT}/releases/1/rollback").status_code == 404


def test_the_loop_starts_what_is_due_once(client_as, stores, casings, in_use):
    assert look_after_all(stores) == []
    change = {"on": True, "corrections": 2}
    client_as("admin").put(f"{PROJECT}/schedule", json=change)
    assert look_after_all(stores) == []
    for image in casings.images.all()[:2]:
        held = casings.annotations.consensus([image.sha256])[image.sha256]
        casings.annotations.add(
            image.sha256, held.shapes, labeler="olga", book_revision=1, review=True
        )
    (job,) = look_after_all(stores)
    row = casings.jobs.get(job)
    assert (row.kind, row.by, row.state) == ("update", "schedule", "queued")
    assert look_after_all(stores) == []


def test_a_swap_is_told_with_the_parts_before_and_since(client_as, casings, in_use):
    assert client_as("viewer").get(f"{PROJECT}/upkeep").json()["swap"] is None
    casings.releases.add(in_use, 1, casings.blobs.put(b"one"), {})
    casings.releases.add(in_use, 2, casings.blobs.put(b"two"), {})
    record = {"version_in_use": 1, "checks": []}
    promoted = NewPromotion("promoted", in_use, in_use, 2, record)
    at = casings.promotions.add(promoted, by="olga").at
    told = [(1, -30, "OK"), (1, -2, "NG"), (1, -1, "OK"), (2, 1, "OK"), (1, 1, "NG")]
    rows = [
        EventRow(
            key=f"{number}",
            at=at + timedelta(hours=hours),
            verdict=verdict,
            score=0.5,
            name=f"part-{number}",
            device="press-3",
            release=version,
        )
        for number, (version, hours, verdict) in enumerate(told)
    ]
    casings.events.add_many(rows)
    swap = client_as("viewer").get(f"{PROJECT}/upkeep").json()["swap"]
    assert (swap["version_before"], swap["version"]) == (1, 2)
    # What came a day before, and what the old version judged after, is not counted.
    assert swap["before"] == {"ok": 1, "ng": 1, "error": 0}
    assert swap["since"] == {"ok": 1, "ng": 0, "error": 0}


def test_whether_drift_does_harm_is_asked_by_all_and_drawn_by_operators(client_as, casings):
    told = client_as("viewer").get(f"{PROJECT}/harm").json()
    assert (told["verdict"], told["since"], told["drawn"]) == ("harmless", None, [])
    assert told["waiting"] == 0
    assert told["sentences"] == ["No device reports a drift: there is nothing to test."]
    assert client_as("labeler").post(f"{PROJECT}/harm", json={}).status_code == 403
    operator = client_as("operator")
    answer = operator.post(f"{PROJECT}/harm", json={"count": 5})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_enough_data")
    assert "no device reports a drift" in answer.json()["message"]
    client_as("admin").put(f"{PROJECT}/limits", json={"allowed": ["update"]})
    assert operator.post(f"{PROJECT}/harm", json={"count": 5}).status_code == 403
    for wrong in (
        "margin=0",
        "level=1",
        "since=2026-01-01",
        "since=0001-01-01T00:00:00%2B14:00",
    ):
        assert operator.get(f"{PROJECT}/harm?{wrong}").status_code == 422
