"""A real server over a workspace, with a person signed in, and the events that it sends."""

import json
import threading
from contextlib import contextmanager

import httpx
import uvicorn

from pitmark.server.app import create_app
from pitmark.server.callers import COOKIE, CSRF_HEADER, csrf_of
from pitmark.store.db import open_store

SEEN_S = 60.0


@contextmanager
def server_over(home):
    """Serve a workspace, engine and all; gives its address."""
    app = create_app(home)
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    waited = threading.Event()
    for _ in range(600):
        if server.started:
            break
        waited.wait(0.05)
    assert server.started
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}", app
    finally:
        server.should_exit = True
        thread.join()


def signed_in(home, address, email):
    """A client signed in as the person with an email."""
    with open_store(home) as store:
        secret = store.sessions.open(store.persons.by_email(email).id)
    headers = {"Cookie": f"{COOKIE}={secret}", CSRF_HEADER: csrf_of(secret)}
    many = httpx.Limits(max_connections=None)
    return httpx.Client(base_url=address, headers=headers, timeout=SEEN_S, limits=many)


def events_of(client, path, *, until=lambda job: False):
    """The jobs that a stream tells of, until it ends or one is as wanted."""
    seen = []
    with client.stream("GET", path) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("data:"):
                seen.append(json.loads(line.removeprefix("data:")))
                if until(seen[-1]):
                    break
    return seen
