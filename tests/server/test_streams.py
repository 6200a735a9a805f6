"""Streams of events end once their listener may not hear them any more."""

import json
import threading

import httpx
import pytest

from pitmark.server.events import JobFeed
from tests.server.conftest import NAMES, email_of
from tests.server.serving_jobs import SEEN_S, server_over, signed_in

ORGANISATION = "/api/orgs/local"
JOBS = f"{ORGANISATION}/projects/casings/jobs"
EVERY_S = 0.2


@pytest.fixture
def served(workspace):
    """Address, app and an owner's client; the job that they have started waits for ever."""
    with server_over(workspace) as (address, app):
        app.state.engine.stop()
        app.state.feed = JobFeed(app.state.stores.of, check_every_s=EVERY_S)
        with signed_in(workspace, address, email_of(NAMES["owner"])) as owner:
            yield address, workspace, owner


def listener_and_end(cause, served):
    """A client that may listen, and what takes that away."""
    address, workspace, owner = served
    viewer = signed_in(workspace, address, email_of(NAMES["viewer"]))
    members = {
        m["person"]["name"]: m["person"]["id"]
        for m in owner.get(f"{ORGANISATION}/members").json()
    }
    if cause == "removed":
        path = f"{ORGANISATION}/members/{members[NAMES['viewer']]}"
        return viewer, lambda: owner.delete(path)
    if cause == "signed out":
        return viewer, lambda: viewer.delete("/api/session")
    if cause == "password changed elsewhere":
        other = signed_in(workspace, address, email_of(NAMES["viewer"]))
        given = {"old": "parts under a lamp", "new": "other parts under a lamp"}
        return viewer, lambda: other.put("/api/session/password", json=given)
    new = {"name": "listens", "scope": "read", "days": 1}
    made = owner.post(f"{ORGANISATION}/tokens", json=new).json()
    bearer = {"Authorization": f"Bearer {made['secret']}"}
    program = httpx.Client(base_url=address, headers=bearer, timeout=SEEN_S)
    return program, lambda: owner.delete(f"{ORGANISATION}/tokens/{made['id']}")


@pytest.mark.parametrize("path", ["one job", "all jobs"])
@pytest.mark.parametrize(
    "cause", ["removed", "signed out", "password changed elsewhere", "token revoked"]
)
def test_a_stream_ends_once_its_listener_may_not_hear_it(served, cause, path):
    _, _, owner = served
    job = owner.post(JOBS, json={"kind": "snapshot", "options": {}}).json()["id"]
    where = f"{JOBS}/{job}/events" if path == "one job" else f"{ORGANISATION}/events"
    client, take_away = listener_and_end(cause, served)
    heard = []
    with client, client.stream("GET", where) as stream:
        for line in stream.iter_lines():
            if not line.startswith("data:"):
                continue
            heard.append(json.loads(line.removeprefix("data:"))["state"])
            if len(heard) == 1:
                assert take_away().is_success
    # It has ended by itself, and said nothing of what the job became after that.
    assert heard == ["queued"]
    assert owner.get(f"{JOBS}/{job}").json()["state"] == "queued"


def test_a_stream_goes_on_for_who_may_hear_it(served):
    _, _, owner = served
    job = owner.post(JOBS, json={"kind": "snapshot", "options": {}}).json()["id"]
    heard = []
    with owner.stream("GET", f"{JOBS}/{job}/events") as stream:
        for line in stream.iter_lines():
            if line.startswith("data:"):
                heard.append(json.loads(line.removeprefix("data:"))["state"])
                if len(heard) == 1:
                    # Many checks later.
                    threading.Timer(
                        6 * EVERY_S, lambda: owner.post(f"{JOBS}/{job}/cancel")
                    ).start()
    assert heard == ["queued", "cancelled"]
