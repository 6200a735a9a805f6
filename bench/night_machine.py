"""The server and the device of the night as processes that can be killed at any moment."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np

from bench.loop import PITMARK, run_json
from bench.night_line import Part, lit
from bench.processes import children, free_port
from bench.shape import tell
from pitmark.store.db import open_store
from pitmark.store.events import EventRow

DEVICE = "press-3"
_STARTING_S = 120
_SWAP_S = 300
POINTS = """
[device]
name = "press-3"
folder = "device"
keys = "keys.txt"
latency_ms = 5000
[listen]
port = {port}
[server]
url = "{server}"
device = "press-3"
key_file = "device-key"
update = "ask"
ask_s = 2
[trial]
seconds = 5
latency_ms = 5000
[record]
run_length_images = {run_length}
sample_share = 0.2
[[points]]
name = "line"
source = {{ kind = "http" }}
"""


class Machine:
    """The server and the device, each a process on 127.0.0.1 that can be killed."""

    def __init__(self, home: Path, folder: Path, run_length: int) -> None:
        self.home, self.folder = home, folder
        self._ports = [free_port(), free_port()]
        self.url = f"http://127.0.0.1:{self._ports[0]}"
        points = POINTS.format(port=self._ports[1], run_length=run_length, server=self.url)
        (folder / "points.toml").write_text(points)
        self._processes: list[subprocess.Popen[bytes]] = []
        # What was shown under which name: just this must come to be known.
        self.shown: dict[str, Part] = {}

    def __enter__(self) -> Machine:
        self._processes = [self._begin(self._serve)]
        self._wait_for(self._ports[0])
        told, _, _ = run_json(
            [*PITMARK, "devices", "add", DEVICE, "--home", str(self.home), "--json"]
        )
        key_file = str(self.folder / "device-key")
        run_json(
            [
                *PITMARK,
                "edge",
                "register",
                self.url,
                told["code"],
                "--key-file",
                key_file,
                "--json",
            ]
        )
        self._processes.append(self._begin([*self._device, str(self.folder / "v1.pitmark")]))
        self._wait_for(self._ports[1])
        return self

    def __exit__(self, *exc: object) -> None:
        self._end(signal.SIGTERM)

    def kill_all(self) -> None:
        """SIGKILL to server, workers and device, then start them again."""
        self._end(signal.SIGKILL)
        self._start()

    @property
    def _serve(self) -> list[str]:
        return [*PITMARK, "--home", str(self.home), "serve", "--port", str(self._ports[0])]

    @property
    def _device(self) -> list[str]:
        return [*PITMARK, "edge", "serve", "--points", str(self.folder / "points.toml")]

    def _begin(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / "machines.log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def _start(self) -> None:
        self._processes = [self._begin(c) for c in (self._serve, self._device)]
        for port in self._ports:
            self._wait_for(port)

    def _wait_for(self, port: int) -> None:
        end = time.monotonic() + _STARTING_S
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
            time.sleep(0.05)
        raise SystemExit((self.folder / "machines.log").read_text()[-3000:])

    def _end(self, how: signal.Signals) -> None:
        workers = children(self._processes[0].pid)
        for process in self._processes:
            process.send_signal(how)
        if how == signal.SIGKILL:
            for pid in workers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, how)
        for process in self._processes:
            process.wait(60)

    def show(self, part: Part, image: bytes) -> dict[str, Any]:
        """Show a picture of a part to the device; gives its answer."""
        name = f"{len(self.shown) + 1:06d}.png"
        self.shown[name] = part
        query = urlencode({"name": name, "tag.part": part.group})
        return self._ask("POST", f"/points/line/images?{query}", image)

    def status(self) -> dict[str, Any]:
        """The device's word on itself."""
        return self._ask("GET", "/status", b"")

    def arrived(self) -> bool:
        """Wait until the server knows all parts that were shown; whether it does."""
        return _until(lambda: set(self.events()) >= set(self.shown), 300)

    def events(self) -> dict[str, EventRow]:
        """What the server knows of parts, by name."""
        with open_store(self.home) as store:
            return {r.name: r for r in store.project("line").events.list(limit=100_000)}

    def runs(self, version: int) -> bool:
        """Wait until the device runs a version; whether it does."""
        return _until(lambda: self.status()["releases"]["main"]["version"] == version, 300)

    def _ask(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._ports[1], timeout=60)
        try:
            connection.request(method, path, body)
            found: dict[str, Any] = json.loads(connection.getresponse().read())
            return found
        finally:
            connection.close()

    def cutting(self, steps: Sequence[str]) -> Callable[[], int]:
        """Kill everything once in each step of the update; gives how often it was done."""
        done: list[str] = []

        def cut() -> None:
            end = time.monotonic() + 900
            while time.monotonic() < end and len(done) < len(steps):
                with open_store(self.home) as store:
                    rows = store.project("line").updates.list(1)
                if rows and rows[0].state == "running" and rows[0].step == steps[len(done)]:
                    time.sleep(2)
                    done.append(rows[0].step)
                    tell(f"kill while the update is at {rows[0].step!r}")
                    self.kill_all()
                if rows and rows[0].state in ("done", "refused", "failed"):
                    return
                time.sleep(0.3)

        thread = threading.Thread(target=cut)
        thread.start()

        def ended() -> int:
            thread.join()
            return len(done)

        return ended

    def cut_swap(self, version: int) -> bool:
        """SIGKILL once the new release lies in its slot but does not run yet.

        Gives whether it came to that: the moment between the two is short.
        """
        slots = self.folder / "device" / "slots" / "main"
        running = json.loads((slots / "pointer.json").read_bytes())["current"]["slot"]
        spare = slots / ("b.pitmark" if running == "a" else "a.pitmark")
        was = _written(spare)
        end = time.monotonic() + _SWAP_S
        while time.monotonic() < end:
            current = json.loads((slots / "pointer.json").read_bytes())["current"]
            if current["version"] == version:
                return False
            if _written(spare) != was:
                tell("kill inside the swap")
                self.kill_all()
                return True
            time.sleep(0.001)
        return False

    def doubled(self) -> int:
        """How much there is twice: images, releases of one run, promotions of one run."""
        with open_store(self.home) as store:
            project = store.project("line")
            found = [f.sha256 for f in project.findings.list(kind="from_device")]
            runs = [r.run_id for r in project.releases.list()]
            promoted = [p.run_id for p in project.promotions.list()]
            parts = [e.name for e in project.events.list(limit=100_000)]
            rollouts = [r.version for r in project.rollouts.list()]
        seen_once = (found, runs, promoted, parts, rollouts)
        return sum(len(seen) - len(set(seen)) for seen in seen_once)

    def lost(self) -> int:
        """How many parts were judged that the server does not know."""
        return len(set(self.shown) - set(self.events()))


def show_all(
    machine: Machine, parts: Sequence[Part], light: float, slope: float
) -> dict[str, Any]:
    """Show parts to the device, and wait until the server knows of all of them."""
    wrong: dict[str, list[bool]] = {"false_ng": [], "missed": [], "ng": []}
    lost = 0
    first = len(machine.shown)
    for number, part in enumerate(parts, first):
        said = machine.show(part, lit(part.data, light, slope, number))
        if "verdict" not in said:
            lost += 1
            continue
        ng = said["verdict"]["outcome"] != "OK"
        wrong["ng"].append(ng)
        wrong["missed" if part.bad else "false_ng"].append(ng != part.bad)
    machine.arrived()
    names = list(machine.shown)[first:]
    known = machine.events()
    alarms = [bool((known[n].facts["drift"] or {}).get("alarm")) for n in names if n in known]
    after = next((n for n, alarm in enumerate(alarms, 1) if alarm), None)
    shares = {k: round(float(np.mean(v)), 4) if v else 0.0 for k, v in wrong.items()}
    tell(f"{len(parts)} parts at light {light}, {slope}: {shares}, alarm after {after}")
    return {**shares, "alarm": any(alarms), "alarm_after": after, "lost": lost}


def _until(true: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError, ValueError, KeyError):
            if true():
                return True
        time.sleep(0.3)
    return False


def _written(path: Path) -> int:
    """When a file was written; 0 where it is not there."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
