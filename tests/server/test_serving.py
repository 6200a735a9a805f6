import json
import re
import subprocess
import sys

import httpx
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.server.serving import ServeOptions, expect_safe, is_loopback

PASSWORD = "parts under a lamp"


def _command(home, *options):
    return [sys.executable, "-m", "pitmark", "serve", "--home", str(home), *options]


@pytest.fixture
def started(tmp_path):
    """A server as a person starts it, over a folder that does not exist yet."""
    command = _command(tmp_path / "home", "--port", "0", "--json")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def test_the_first_start_prints_a_link_that_makes_the_first_owner(started):
    process, told = started
    link = told["setup_link"]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/setup\?token=[\w-]{43}", link)
    with httpx.Client(base_url=told["url"], trust_env=False) as client:
        assert client.get("/api/session").json()["setup_needed"] is True
        first = {
            "token": link.partition("token=")[2],
            "name": "Fay First",
            "email": "fay@factory.example",
            "password": PASSWORD,
        }
        made = client.post("/api/setup", json=first)
        assert made.json()["memberships"] == [{"organisation": "local", "role": "owner"}]
        assert client.get("/api/orgs/local/members").status_code == 200
        assert "server" not in made.headers
        assert client.get("/api/health", headers={"host": "evil.example"}).status_code == 421
    process.terminate()
    assert process.wait(30) in (0, -15)


def test_a_port_that_is_taken_is_an_error_that_says_so(started, tmp_path):
    port = started[1]["url"].rpartition(":")[2]
    done = subprocess.run(
        _command(tmp_path / "other", "--port", port), capture_output=True, text=True
    )
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1, port {port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_nobody_owns_refuses_to_be_reached_from_elsewhere(tmp_path):
    command = _command(tmp_path / "home", "--host", "0.0.0.0", "--allow-host", "line3")
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "nobody owns the workspace yet" in done.stderr


def test_a_server_that_does_not_know_its_name_refuses_to_be_reached_from_elsewhere():
    with pytest.raises(InvalidInputError, match="by which name it is asked for"):
        expect_safe(ServeOptions(host="0.0.0.0"), ownerless=False)
    expect_safe(ServeOptions(host="0.0.0.0", allow_hosts=("line3",)), ownerless=False)
    expect_safe(ServeOptions(), ownerless=True)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("localhost.evil.example", False),
    ],
)
def test_only_loopback_is_taken_for_loopback(host, expected):
    assert is_loopback(host) is expected
