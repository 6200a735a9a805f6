"""A server, a line between, and a device on a small disk with a clock that can be set."""

from __future__ import annotations

import contextlib
import http.client
import json
import mmap
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.loop import PITMARK, run_json
from bench.processes import children, free_port
from pitmark.store.db import open_store
from tests.e2e.cut_line import CutLine

DEVICE, PROJECT = "press-3", "bench"
_WAIT_S = 120
POINTS = """
[device]
name = "press-3"
folder = "disk/device"
latency_ms = 5000
[listen]
port = {port}
[server]
url = "{server}"
device = "press-3"
key_file = "device-key"
[[points]]
name = "line"
source = {{ kind = "http" }}
"""


class Clock:
    """What a device takes for the clock of the wall; seconds off that of this machine."""

    def __init__(self, folder: Path) -> None:
        self._path, library = folder / "clock", folder / "clock.so"
        self._path.write_bytes(bytes(8))
        source = Path(__file__).with_name("weather_clock.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
        self.environment = {"LD_PRELOAD": str(library), "PITMARK_CLOCK": str(self._path)}
        with self._path.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), 8)

    def turn(self, seconds: int) -> None:
        """Turn it on, or back."""
        off = struct.unpack("=q", self._page[:8])[0]
        self._page[:8] = struct.pack("=q", off + seconds)


class Disk:
    """A file system of its own, in memory, that can be filled to the last byte."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self._folder = folder
        folder.mkdir()
        size = f"size={megabytes}m"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "weather", folder], check=True)

    def fill(self) -> None:
        """Leave no block free; called again, take what has become free meanwhile."""
        with (self._folder / "filler").open("ab") as file:
            free = os.statvfs(self._folder)
            step = free.f_bfree * free.f_bsize
            while step >= 4096:
                end = os.fstat(file.fileno()).st_size
                try:
                    os.posix_fallocate(file.fileno(), end, step)
                except OSError:
                    step //= 2

    def make_room(self) -> None:
        """Give the blocks back."""
        (self._folder / "filler").unlink()

    def close(self) -> None:
        """Take the file system away."""
        subprocess.run(["umount", self._folder], check=True)


class Plant:
    """Server and device as processes on 127.0.0.1; either can be killed.

    Args:
        folder: Where everything lies; `home` in it is the workspace with the project.
        bundle: The release that the device runs.
        disk_mb: Size of the device's disk.
    """

    def __init__(self, folder: Path, bundle: Path, disk_mb: int) -> None:
        self._folder, self._ports = folder, [free_port(), free_port()]
        self.clock, self.disk = Clock(folder), Disk(folder / "disk", disk_mb)
        self.line = CutLine(self._ports[0])
        self.log = folder / "machines.log"
        points = POINTS.format(port=self._ports[1], server=self.line.url)
        (folder / "points.toml").write_text(points)
        self.server = self._server()
        named = ["--home", str(folder / "home"), "--json"]
        told, _, _ = run_json([*PITMARK, "devices", "add", DEVICE, *named])
        key_file = ["--key-file", str(folder / "device-key"), "--json"]
        run_json([*PITMARK, "edge", "register", self.line.url, told["code"], *key_file])
        self.device = self._device(bundle)

    def kill_device(self) -> None:
        """SIGKILL; it does not start again by itself."""
        self.device.kill()
        self.device.wait()

    def start_device(self) -> None:
        """Start it with what lies in its folder."""
        self.device = self._device()

    def kill_server(self) -> None:
        """SIGKILL to the server and its workers, then start it again."""
        for pid in (self.server.pid, *children(self.server.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.server.wait()
        self.server = self._server()

    def show(self, name: str, image: bytes) -> dict[str, Any] | None:
        """Show a part to the device; gives its answer, None where it went down meanwhile."""
        connection = http.client.HTTPConnection("127.0.0.1", self._ports[1], timeout=60)
        try:
            path = f"/points/line/images?{urlencode({'name': name})}"
            connection.request("POST", path, image)
            found: dict[str, Any] = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError):
            return None
        else:
            return found
        finally:
            connection.close()

    def status(self) -> dict[str, Any]:
        """The device's word on itself."""
        connection = http.client.HTTPConnection("127.0.0.1", self._ports[1], timeout=60)
        try:
            connection.request("GET", "/status")
            found: dict[str, Any] = json.loads(connection.getresponse().read())
            return found
        finally:
            connection.close()

    def kept(self) -> dict[str, str]:
        """What the outbox of a device that is down holds: key to name of the part.

        Read from a copy: whoever opens the file itself mends what a kill has left.
        """
        copy = self._folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for path in (self._folder / "disk" / "device" / "outbox").glob("outbox.sqlite*"):
            shutil.copyfile(path, copy / path.name)
        with contextlib.closing(sqlite3.connect(copy / "outbox.sqlite")) as database:
            if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                sys.exit("a kill has damaged the outbox")
            own = database.execute("SELECT value FROM meta WHERE name = 'id'").fetchone()[0]
            rows = database.execute("SELECT sequence, body FROM records").fetchall()
        return {f"{own}-{number}": json.loads(body)["name"] for number, body in rows}

    def arrived(self) -> list[tuple[str, str, datetime]]:
        """Key, name and time of every record that the server has."""
        with open_store(self._folder / "home") as store:
            rows = store.project(PROJECT).events.list(limit=10_000_000)
        return [(row.key.rpartition("/")[2], row.name, row.at) for row in rows]

    def check(self) -> list[str]:
        """What is wrong with the server's workspace."""
        with open_store(self._folder / "home") as store:
            return [str(found) for found in store.check()]

    def close(self) -> None:
        """End everything."""
        self.line.close()
        for process in (self.device, self.server):
            process.terminate()
            process.wait(_WAIT_S)
        self.disk.close()

    def _server(self) -> subprocess.Popen[bytes]:
        home, port = str(self._folder / "home"), str(self._ports[0])
        command = [*PITMARK, "--home", home, "serve", "--port", port]
        return self._begin(command, self._ports[0], {})

    def _device(self, *bundle: Path) -> subprocess.Popen[bytes]:
        command = [*PITMARK, "edge", "serve", "--points", str(self._folder / "points.toml")]
        clock = self.clock.environment
        return self._begin([*command, *map(str, bundle)], self._ports[1], clock)

    def _begin(
        self, command: list[str], port: int, environment: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start a process, and wait until it answers."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, env={**os.environ, **environment}
            )
        end = time.monotonic() + _WAIT_S
        while time.monotonic() < end and process.poll() is None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection.request("GET", "/healthz")
                connection.getresponse().read()
                return process
            time.sleep(0.05)
        sys.exit(f"{command[3:5]} does not start:\n{self.log.read_text()[-3000:]}")
