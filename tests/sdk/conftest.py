"""The same workspace opened twice: by its folder, and over HTTP from a real server."""

import socket
import threading
import time

import pytest
import uvicorn

import pitmark
from pitmark.server.app import create_app
from pitmark.store.db import open_store
from pitmark.store.tokens import NewToken

WHO = "Otto Owner"
_STARTING_S = 60


class Serving:
    """A server on 127.0.0.1 in a thread."""

    def __init__(self, home, port=0):
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(
            create_app(home), log_level="error", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        sockets = {"sockets": [self._socket]}
        self._thread = threading.Thread(target=self._server.run, kwargs=sockets)

    def __enter__(self):
        self._thread.start()
        deadline = time.monotonic() + _STARTING_S
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return self

    def __exit__(self, *exc):
        self._server.should_exit = True
        self._thread.join(_STARTING_S)
        self._socket.close()


def add_person(home, name=WHO, role="owner", organisation="local", **limits):
    """A member with a token; gives its secret."""
    with open_store(home, create=True, organisation=organisation) as store:
        email = f"{name.split()[0].lower()}@factory.example"
        person = store.persons.by_email(email) or store.persons.add(name, email, "no password")
        if store.people.find(person.id) is None:
            store.people.add(person.id, role)
        limits = {"scope": "manage", "project": None, "days": 30, **limits}
        return store.tokens.add(NewToken("sdk", **limits), person=person.id)[1]


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """A server over a workspace of its own; projects of tests have names of their own."""
    home = tmp_path_factory.mktemp("served") / "home"
    token = add_person(home)
    with Serving(home) as serving:
        yield serving.url, token, home


@pytest.fixture(scope="session", params=["open", "connect"])
def way(request):
    """By which way the workspace is reached."""
    return request.param


@pytest.fixture(scope="session")
def workspace(way, request, tmp_path_factory):
    """A workspace: `pitmark.open(folder)` or `pitmark.connect(url, token)`."""
    if way == "open":
        with pitmark.open(tmp_path_factory.mktemp("opened") / "home") as opened:
            yield opened
        return
    url, token, _ = request.getfixturevalue("served")
    with pitmark.connect(url, token) as connected:
        yield connected


@pytest.fixture(scope="session")
def signed(way):
    """For methods that must be told who speaks: over HTTP it is the person of the token."""
    return {"labeler": WHO} if way == "open" else {}
