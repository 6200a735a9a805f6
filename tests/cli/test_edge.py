import json
import os
import signal
import subprocess
import sys
import urllib.request

import pytest

from tests.edge.lines import log_lines, png
from tests.edge.releases import TRUSTED, release

POINTS = """
[device]
name = "press-3"
keys = "keys.txt"
[listen]
port = 0
[[points]]
name = "top"
[[points]]
name = "side"
"""


@pytest.fixture
def device(tmp_path):
    """A folder with a points file, trusted keys and a release."""
    (tmp_path / "points.toml").write_text(POINTS)
    (tmp_path / "keys.txt").write_text(TRUSTED[0].line + "\n")
    (tmp_path / "b.pitmark").write_bytes(release(tmp_path, 3))
    return tmp_path


class Serving:
    """`pitmark edge serve` as a process of its own."""

    def __init__(self, *arguments):
        command = [sys.executable, "-m", "pitmark", "--json", "edge", "serve", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.url = f"http://127.0.0.1:{json.loads(line)['started']['port']}"

    def post(self, path, body):
        with urllib.request.urlopen(self.url + path, data=body, timeout=60) as answer:
            return json.loads(answer.read())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        return json.loads(out.splitlines()[-1])


@pytest.fixture
def serving(device):
    started = []

    def of(*arguments):
        started.append(Serving(*map(str, arguments)))
        return started[-1]

    yield of
    for found in started:
        if found.process.poll() is None:
            found.process.kill()
        found.process.wait()
        found.process.stdout.close()


def test_a_device_is_served_asked_updated_and_stopped(pitmark_in, device, serving):
    call = pitmark_in(device / "home")
    running = serving("--points", device / "points.toml", device / "b.pitmark")
    result = running.post("/points/top/images?name=p1", png())
    assert result["verdict"]["outcome"] == "NG"
    status, found, _ = call("edge", "status", "--to", running.url)
    assert status == 0
    assert found["releases"]["main"]["version"] == 3
    (device / "c.pitmark").write_bytes(release(device, 4))
    status, found, _ = call("edge", "activate", device / "c.pitmark", "--to", running.url)
    assert (status, found["version"]) == (0, 4)
    status, _, err = call("edge", "activate", device / "b.pitmark", "--to", running.url)
    assert status == 1
    assert "still on trial" in err
    status, _, err = call("edge", "status", "--points", device / "points.toml")
    assert status == 1
    assert "another process runs the device" in err
    assert running.stop()["points"]["top"]["outputs"]["number"] == 1
    assert [r["name"] for r in log_lines(device)] == ["p1"]


def test_a_device_that_is_killed_starts_again_with_its_release(device, serving):
    first = serving("--points", device / "points.toml", device / "b.pitmark")
    first.post("/points/top/images", png())
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait(60)
    again = serving("--points", device / "points.toml")
    assert again.post("/points/side/images", png(bright=False))["verdict"]["outcome"] == "OK"


def test_one_point_is_served_from_options_alone(device, serving):
    (device / "in").mkdir()
    running = serving(
        *("--folder", device / "d", "--source", "folder", "--at", device / "in"),
        *("--port", "0", device / "b.pitmark"),
    )
    (device / "in" / "a.png").write_bytes(png())
    running.stop()


def test_a_release_is_activated_while_the_device_does_not_run(pitmark_in, device):
    call = pitmark_in(device / "home")
    at = ("--points", device / "points.toml")
    status, found, _ = call("edge", "activate", device / "b.pitmark", *at)
    assert (status, found["version"]) == (0, 3)
    status, found, _ = call("edge", "status", *at)
    assert found["releases"]["main"]["version"] == 3
    assert found["releases"]["main"]["activations"][0]["outcome"] == "activated"
    status, _, err = call("edge", "activate", device / "b.pitmark", *at)
    assert status == 1
    assert "not newer than 3" in err
    status, told, _ = call("edge", "status", *at, as_json=False)
    assert "Device press-3" in told


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("serve", "--points", "absent.toml"), "no points file absent.toml"),
        (("serve", "--points", "absent.toml", "--at", "x"), "says everything"),
        (("serve", "--source", "folder"), "does not say where it is"),
        (("activate", "absent.pitmark", "--folder", "{d}"), "no bundle absent.pitmark"),
        (("activate", "absent.pitmark", "--to", "http://x"), "no bundle absent.pitmark"),
        (("status", "--to", "http://127.0.0.1:9"), "no device answers"),
        (("status", "--to", "ftp://x"), "is no address"),
        (("status", "--to", "http://127.0.0.1:9", "--token-file", "no"), "readable file no"),
    ],
)
def test_what_cannot_be_done_is_an_error_with_a_reason(pitmark_in, device, arguments, match):
    call = pitmark_in(device / "home")
    given = [a.replace("{d}", str(device / "d")) for a in arguments]
    status, _, err = call("edge", *given)
    assert status == 1
    assert match in json.loads(err)["message"]
