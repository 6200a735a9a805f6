"""What the night needs: parts with known truth, the machines, and who carries the pictures."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bench.loop import PITMARK, run_json
from bench.shape import tell
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import Shape
from pitmark.core.records import ImageRecord
from pitmark.formats.images import decode_image
from pitmark.store.annotations import NewAnnotation
from pitmark.store.db import open_store
from pitmark.store.events import EventRow
from pitmark.store.tokens import NewToken

_STARTING_S = 120
POINTS = """
[device]
name = "press-3"
folder = "device"
keys = "keys.txt"
latency_ms = 5000
[listen]
port = {port}
[trial]
ng_jump = 1
seconds = 1
latency_ms = 5000
[record]
run_length_images = {run_length}
[[points]]
name = "line"
source = {{ kind = "http" }}
"""


@dataclass(frozen=True, slots=True)
class Part:
    """A part: its picture as a file, what is true of it, and whether that is NG."""

    name: str
    group: str
    data: bytes
    shapes: tuple[Shape, ...]
    bad: bool
    record: ImageRecord
    book: LabelBook


def parts_of(
    data: Path, folder: Path, seed: int, arguments: Any
) -> tuple[list[Part], list[Part]]:
    """The parts of a folder in two: known to the project, and those of the line.

    Parts of one group never part.
    """
    truth = folder / "truth"
    named = ["--home", str(truth), "--json"]
    run_json([*PITMARK, "new", "truth", "--task", arguments.task, *named])
    run_json([*PITMARK, "import", str(data.resolve()), *arguments.import_.split(), *named])
    with open_store(truth) as store:
        project = store.project("truth")
        book, held = project.book.current(), project.annotations.consensus()
        parts = [
            Part(r.name, r.group_key, project.blobs.read(r.sha256), held[r.sha256].shapes,
                 book.is_defect(held[r.sha256].shapes), r, book)
            for r in project.images.iterate() if r.sha256 in held
        ]  # fmt: skip
    groups = sorted({p.group for p in parts})
    np.random.default_rng(seed).shuffle(groups)
    order = {g: n for n, g in enumerate(groups)}
    parts.sort(key=lambda p: (order[p.group], p.name))
    rng = np.random.default_rng([seed, 1])
    edge = min(arguments.known, len(parts) // 2)
    while 0 < edge < len(parts) and parts[edge].group == parts[edge - 1].group:
        edge += 1
    stock = parts[edge:]
    if len(stock) < 10:
        raise SystemExit(f"{data.name} has {len(parts)} images: too few for a line")
    wanted = arguments.calm + arguments.changed + arguments.last
    turns = [
        stock[n] for _ in range(wanted // len(stock) + 1) for n in rng.permutation(len(stock))
    ]
    tell(f"{data.name}: {edge} images known, {len(stock)} parts on the line")
    return parts[:edge], turns[:wanted]


def make_project(home: Path, known: Sequence[Part], task: Any) -> None:
    """The project of the admin, with its labeled images."""
    with open_store(home, create=True) as store:
        project = store.create_project("line", task, known[0].book)
        with project.transaction():
            for part in known:
                project.blobs.put(part.data)
                project.images.add(part.record, source="import")
            project.annotations.add_many(
                [NewAnnotation(p.record.sha256, p.shapes, "import", 1) for p in known]
            )


def operator_token(home: Path) -> str:
    """An operator, and a token that may operate and nothing more."""
    with open_store(home) as store:
        person = store.persons.add("Olga Operator", "olga@factory.example", "no password")
        store.people.add(person.id, "operator")
        only = store.project("line").info.id
        return store.tokens.add(NewToken("night", "operate", only, 1), person=person.id)[1]


class Machine:
    """The server and the device, each a process on 127.0.0.1 that can be killed."""

    def __init__(self, home: Path, folder: Path, run_length: int) -> None:
        self.home, self.folder = home, folder
        self._ports = [_free_port(), _free_port()]
        self.url = f"http://127.0.0.1:{self._ports[0]}"
        points = POINTS.format(port=self._ports[1], run_length=run_length)
        (folder / "points.toml").write_text(points)
        self._processes: list[subprocess.Popen[bytes]] = []
        self.posted = 0

    def __enter__(self) -> Machine:
        self._start(first=True)
        return self

    def __exit__(self, *exc: object) -> None:
        self._end(signal.SIGTERM)

    def kill_all(self) -> None:
        """SIGKILL to server, workers and device, then start them again."""
        self._end(signal.SIGKILL)
        self._start(first=False)

    def _start(self, *, first: bool) -> None:
        serve = [*PITMARK, "--home", str(self.home), "serve", "--port", str(self._ports[0])]
        device = [*PITMARK, "edge", "serve"]
        device += [str(self.folder / "v1.pitmark")] if first else []
        device += ["--points", str(self.folder / "points.toml")]
        with (self.folder / "machines.log").open("ab") as log:
            self._processes = [
                subprocess.Popen(c, stdout=log, stderr=log, start_new_session=True)
                for c in (serve, device)
            ]
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
        workers = _children(self._processes[0].pid)
        for process in self._processes:
            process.send_signal(how)
        if how == signal.SIGKILL:
            for pid in workers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, how)
        for process in self._processes:
            process.wait(60)

    def inspect(self, name: str, image: bytes) -> dict[str, Any]:
        """The device's answer to a picture."""
        connection = http.client.HTTPConnection("127.0.0.1", self._ports[1], timeout=60)
        try:
            connection.request("POST", f"/points/line/images?name={name}", image)
            found: dict[str, Any] = json.loads(connection.getresponse().read())
            return found
        finally:
            connection.close()

    def activate(self, bundle: Path) -> None:
        """Bring a release into use on the device."""
        to = ["--to", f"http://127.0.0.1:{self._ports[1]}", "--json"]
        found, _, _ = run_json([*PITMARK, "edge", "activate", str(bundle), *to])
        tell(f"device: release {found['version']}, {found['how']}")

    def alarms(self) -> dict[str, bool]:
        """Whether the device said that parts drift, by picture, as far as its log goes."""
        out = {}
        for path in (self.folder / "device" / "log").glob("results*.jsonl"):
            for line in path.read_text().splitlines():
                with contextlib.suppress(ValueError):
                    told = json.loads(line)
                    out[told["name"]] = bool((told["drift"] or {}).get("alarm"))
        return out

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

    def doubled(self) -> int:
        """How much there is twice: images, releases of one run, promotions of one run."""
        with open_store(self.home) as store:
            project = store.project("line")
            found = [f.sha256 for f in project.findings.list(kind="from_device")]
            runs = [r.run_id for r in project.releases.list()]
            promoted = [p.run_id for p in project.promotions.list()]
        return sum(len(seen) - len(set(seen)) for seen in (found, runs, promoted))


def courier(machine: Machine, parts: Sequence[Part], *, light: float) -> dict[str, Any]:
    """Show parts to the device, and carry what it says and sees to the server's workspace."""
    rows, wrong, lost = [], {"false_ng": [], "missed": [], "ng": []}, 0
    names = []
    with open_store(machine.home) as store:
        project = store.project("line")
        for part in parts:
            machine.posted += 1
            image = _lit(part.data, light, machine.posted)
            name = f"{machine.posted:06d}.png"
            said = machine.inspect(name, image)
            if "verdict" not in said:
                lost += 1
                continue
            names.append(name)
            ng = said["verdict"]["outcome"] != "OK"
            wrong["ng"].append(ng)
            wrong["missed" if part.bad else "false_ng"].append(ng != part.bad)
            rows.append((part, name, said, project.blobs.put(image)))
    # The log is written behind the verdicts.
    end = time.monotonic() + 60
    while names[-1] not in (alarms := machine.alarms()) and time.monotonic() < end:
        time.sleep(0.2)
    with open_store(machine.home) as store:
        store.project("line").events.add_many([_event(r, alarms) for r in rows])
    first = next((n for n, name in enumerate(names) if alarms.get(name)), None)
    shares = {k: round(float(np.mean(v)), 4) if v else 0.0 for k, v in wrong.items()}
    alarm = any(alarms.get(n, False) for n in names)
    tell(f"{len(parts)} parts at light {light}: {shares}, alarm after {first}")
    return {**shares, "alarm": alarm, "alarm_after": first, "lost": lost}


def _event(row: tuple[Part, str, dict[str, Any], str], alarms: dict[str, bool]) -> EventRow:
    part, name, said, sha = row
    return EventRow(
        key=f"press-3-{name}",
        at=datetime.fromisoformat(said["at"]),
        verdict=said["verdict"]["outcome"],
        score=said["verdict"]["score"],
        name=part.name,
        device="press-3",
        release=said["release"]["version"],
        sha256=sha,
        label=said["verdict"]["label"],
        reason=said["verdict"]["reason"],
        facts={
            "point": said["point"],
            "tags": {"part": part.group},
            "drift": {"alarm": alarms.get(name, False), "sentence": ""},
        },
    )


def _lit(data: bytes, light: float, seed: int) -> bytes:
    """The part under another light, with the noise of a new picture."""
    pixels = decode_image(data, name="part").pixels
    top = np.iinfo(pixels.dtype).max
    noise = np.random.default_rng(seed).normal(0, top / 150, pixels.shape)
    shown = np.clip(pixels * light + noise, 0, top).astype(pixels.dtype)
    file = io.BytesIO()
    Image.fromarray(shown).save(file, "PNG")
    return file.getvalue()


def _children(pid: int) -> list[int]:
    """Processes below another one, all of them."""
    out: list[int] = []
    for folder in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, folder.read_text().split()):
            out += [child, *_children(child)]
    return out


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
