"""Uploads: by hash, once, wholly, and seen by nobody else."""

import hashlib
import http.client
import threading

import pytest
import uvicorn

from pitmark.core.records import ImageRecord
from pitmark.server.callers import CSRF_HEADER

UPLOADS = "/api/orgs/local/uploads"
DATA = b"bytes of a picture" * 1000
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def labeler(client_as):
    return client_as("labeler")


def _missing(client, *shas, org="local"):
    answer = client.post(f"/api/orgs/{org}/uploads/missing", json={"sha256": list(shas)})
    assert answer.status_code == 200, answer.text
    return answer.json()["missing"]


def test_what_was_uploaded_is_no_longer_missing(labeler):
    other = "0" * 64
    assert _missing(labeler, SHA, other, SHA) == [SHA, other]
    done = labeler.put(f"{UPLOADS}/{SHA}", content=DATA)
    assert done.json() == {"sha256": SHA, "size_bytes": len(DATA)}
    assert _missing(labeler, SHA, other) == [other]
    assert labeler.put(f"{UPLOADS}/{SHA}", content=DATA).json() == done.json()


def test_another_organisation_is_told_nothing_of_it(labeler, client_as, stores):
    labeler.put(f"{UPLOADS}/{SHA}", content=DATA)
    project = stores.of("local").project("plates")
    mine = project.blobs.put(b"only here")
    project.images.add(ImageRecord(mine, 64, 48, "L", "mine.png"), source="line")
    outsider = client_as("outsider")
    assert _missing(outsider, SHA, mine, org="acme") == [SHA, mine]
    assert _missing(labeler, mine) == []


def test_bytes_that_are_not_those_announced_leave_nothing(labeler, workspace):
    refused = labeler.put(f"{UPLOADS}/{SHA}", content=DATA[:-1])
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
    assert "upload it again" in refused.json()["hint"]
    assert _missing(labeler, SHA) == [SHA]
    assert [p for p in (workspace / "uploads").rglob("*") if p.is_file()] == []


def test_a_name_that_is_no_hash_is_refused(labeler):
    for name in ("..%2F..%2Fpitmark.db", ".."):
        refused = labeler.put(f"{UPLOADS}/{name}", content=b"x")
        assert refused.status_code in (404, 405), refused.text
    assert labeler.put(f"{UPLOADS}/{'g' * 64}", content=b"x").status_code == 422
    assert labeler.post(f"{UPLOADS}/missing", json={"sha256": ["x"]}).status_code == 422


def test_viewers_do_not_upload(client_as):
    assert client_as("viewer").put(f"{UPLOADS}/{SHA}", content=DATA).status_code == 403


def test_an_upload_that_is_cut_off_leaves_nothing(app, workspace, client_as):
    """A connection that ends before all announced bytes came, against a real server."""
    client = client_as("labeler")
    cookies = "; ".join(f"{c.name}={c.value}" for c in client.cookies.jar)
    headers = {"cookie": cookies, CSRF_HEADER: client.headers[CSRF_HEADER]}
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        sent = http.client.HTTPConnection("127.0.0.1", port)
        announced = {**headers, "content-length": str(len(DATA))}
        sent.request("PUT", f"{UPLOADS}/{SHA}", body=DATA[:100], headers=announced)
        while not (workspace / "uploads" / "local" / "incoming").is_dir():
            thread.join(0.01)
        sent.close()
        whole = http.client.HTTPConnection("127.0.0.1", port)
        other = hashlib.sha256(b"whole").hexdigest()
        whole.request("PUT", f"{UPLOADS}/{other}", body=b"whole", headers=headers)
        assert whole.getresponse().status == 200
    finally:
        server.should_exit = True
        thread.join()
    files = [p for p in (workspace / "uploads").rglob("*") if p.is_file()]
    assert sorted(p.name for p in files) == [".cleared", other[2:]]
