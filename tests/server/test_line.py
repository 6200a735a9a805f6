from datetime import UTC, datetime, timedelta

import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.ops.line.status import line_status
from pitmark.store.events import EventRow

LINE = "/api/orgs/local/projects/casings/line"
NOON = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)


def event(n, at, verdict="OK", device="cell 1", **more):
    score = 0.1 if verdict == "OK" else 0.9
    return EventRow(f"{device}-{n}", at, verdict, score, f"part{n}.png", device, **more)


@pytest.fixture
def casings(stores):
    project = stores.of("local").project("casings")
    hour = timedelta(hours=1)
    rows = [event(n, NOON - hour * (n % 3), "NG" if n % 4 == 0 else "OK") for n in range(12)]
    rows += [event(20, NOON - hour, "error", "cell 2", reason="no image")]
    rows += [event(21, NOON - hour * 30, "NG", "cell 3", release=2)]
    late = {"release": 4, "facts": {"drift": {"alarm": True}}}
    rows += [event(22, NOON + timedelta(minutes=3), "OK", "cell 1", **late)]
    project.events.add_many(rows)
    return project


def test_counts_by_device_and_hour_agree(casings):
    found = line_status(casings, hours=3, now=NOON)
    assert [s.hour for s in found.starts] == [10, 11, 12]
    assert found.counts == {"OK": 10, "NG": 3, "error": 1}
    assert [sum(h.values()) for h in found.by_hour] == [4, 5, 5]
    first, second, third = found.devices
    assert (first.newest.device, first.newest.release) == ("cell 1", 4)
    assert first.counts == {"OK": 10, "NG": 3}
    assert (first.ng.count, first.ng.total) == (3, 13)
    assert first.drift == {"alarm": True}
    assert second.ng.value is None
    assert second.ng_by_hour == (None, None, None)
    # Silent for a day, and still a device of the line.
    assert (third.counts, third.newest.release) == ({}, 2)


def test_hours_are_bounded(casings):
    with pytest.raises(InvalidInputError, match="hours must be 1 to 168, found 500"):
        line_status(casings, hours=500)


def test_the_line_over_http(client_as, casings):
    now = datetime.now(UTC)
    casings.events.add_many([event(50 + n, now, "NG" if n else "OK") for n in range(4)])
    told = client_as("viewer").get(LINE, params={"hours": 24, "limit": 5}).json()
    assert told["counts"] == {"OK": 1, "NG": 3}
    assert len(told["hours"]) == 24
    assert told["hours"][-1]["counts"] == {"OK": 1, "NG": 3}
    assert len(told["items"]) == 5
    device = next(d for d in told["devices"] if d["name"] == "cell 1")
    assert device["ng_rate"] == 0.75
    assert "3 of 4 images NG (75.0 %, between" in device["sentence"]
    assert device["ng_by_hour"][-1] == 0.75
    assert client_as("viewer").get(LINE, params={"hours": 1000}).status_code == 422
    assert client_as("outsider").get(LINE).status_code == 404


def test_a_line_that_nobody_told_of_is_empty(client_as):
    told = client_as("viewer").get(LINE).json()
    assert (told["counts"], told["devices"], told["items"]) == ({}, [], [])


def test_there_is_no_bundle_of_a_release_that_never_was(client_as):
    base = "/api/orgs/local/projects/casings/releases"
    assert client_as("viewer").get(base).json() == []
    assert client_as("viewer").get(f"{base}/1/bundle").status_code == 404
    assert client_as("viewer").post(f"{base}/1/rollback").status_code == 403
    assert client_as("admin").post(f"{base}/1/rollback").status_code == 404
