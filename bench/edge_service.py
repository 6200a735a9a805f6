"""A device as a service: frames per second, times end to end, memory, cold start.

    python3 dev.py bench edge_service
    python3 dev.py bench edge_service -- --parts 100000 --ways http
    python3 dev.py bench edge_service -- --data FOLDER --task segmentation

Makes a 512 px detection release from a small generated factory, or one from a folder
(trained for a moment only: times do not depend on what it knows), starts `pitmark edge
serve`, and sends parts over HTTP: first the next as soon as the last verdict is there, which
tells how many the device can judge, then at the rate of a line, which tells how long one
takes; then through a folder.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from bench.loop import PITMARK, run_json
from bench.shape import finish, gate, parser, tell
from pitmark.ops.demo.factory import build_factory
from pitmark.store.db import open_store

WAYS = ["http", "line", "folder"]
_SHOWN = 60

POINTS = """
[device]
folder = "device-{kind}"
latency_ms = 2000
[listen]
port = 0
{server}
[[points]]
name = "line"
source = {source}
"""
SERVER = """
[server]
url = "http://127.0.0.1:9"
key_file = "key"
"""


def main() -> None:
    """Run the benchmark."""
    arguments = _arguments()
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        bundle, images = make_release(base, arguments)
        (base / "key").write_text("a key of a server that is never there")
        results += _cold_start(base, bundle, images, arguments)
        if "http" in arguments.ways:
            results += _over_http(base, bundle, images, arguments, rate=None)
        if "line" in arguments.ways:
            results += _over_http(base, bundle, images, arguments, rate=arguments.rate)
        if "folder" in arguments.ways:
            results += _through_folder(base, bundle, images, arguments)
    finish("edge_service", results, _gates(results), arguments)


def _gates(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of the ways that were taken."""
    value = {(r["way"], r["metric"]): r["value"] for r in results}

    def worst(metric: str) -> float:
        """Of all ways, the largest."""
        return float(max(r["value"] for r in results if r["metric"] == metric))

    told = [
        ("30 frames/s over HTTP", value.get(("http", "frames_per_s")), 30, True),
        ("30 frames/s through a folder", value.get(("folder", "frames_per_s")), 30, True),
        ("p99 on a line under 60 ms", value.get(("line", "p99_ms")), 60, False),
        ("memory under 250 MB", worst("peak_mb"), 250, False),
        ("memory grows under 5 MB", worst("growth_mb"), 5, False),
        ("first verdict within 1.5 s", value["http", "cold_start_s"], 1.5, False),
    ]
    return [
        gate(name, measured, bound, at_least=at_least)
        for name, measured, bound, at_least in told
        if measured is not None
    ]


def _arguments() -> Any:
    out = parser(__doc__ or "")
    out.add_argument(
        "--parts", type=int, default=2000, help="each way over HTTP; the folder gets 1/4"
    )
    out.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    out.add_argument("--clients", type=int, default=2, help="that send over HTTP at once")
    out.add_argument("--task", default="detection", help="of the data")
    out.add_argument("--bundle", type=Path, help="instead of making one; with --images")
    out.add_argument("--images", type=Path, help="folder of images to send")
    out.add_argument("--side", type=int, default=512)
    out.add_argument("--network", default="standard", help="as in pitmark train")
    out.add_argument("--rate", type=float, default=30.0, help="of the line, frames per second")
    out.add_argument("--outbox", action="store_true", help="with a server that is away")
    return out.parse_args()


def make_release(base: Path, arguments: Any) -> tuple[Path, list[Path]]:
    """A release, and images of the data that it was made for.

    Args:
        base: The workspace becomes `home` in it.
        arguments: `side` in pixels and `network`; `data` and `task`, without `data` a small
            factory is generated; `bundle` and `images` to use these.

    Returns:
        The bundle, and the files of the images.
    """
    if arguments.bundle is not None and arguments.images is not None:
        return arguments.bundle, sorted(p for p in arguments.images.iterdir() if p.is_file())
    home = ["--home", str(base / "home"), "--json"]
    bundle = base / "b.pitmark"
    data = arguments.data or [_write_factory(base / "factory", side=arguments.side)]
    run_json([*PITMARK, "new", "bench", "--task", arguments.task, *home])
    for folder in data:
        run_json([*PITMARK, "import", str(folder.resolve()), *home])
    run_json([*PITMARK, "snapshot", "--train", "20", "--val", "5", *home])
    train = ["--side", str(arguments.side), "--steps", "16", "--network", arguments.network]
    run_json([*PITMARK, "train", *train, *home])
    run_json([*PITMARK, "release", str(bundle), *home])
    return bundle, _shown(base)


def _shown(base: Path) -> list[Path]:
    """Files of the first images of the project."""
    folder = base / "shown"
    folder.mkdir()
    with open_store(base / "home") as store:
        project = store.project("bench")
        for number, image in enumerate(islice(project.images.iterate(), _SHOWN)):
            file = folder / f"{number:04d}{Path(image.name).suffix}"
            file.write_bytes(project.blobs.read(image.sha256))
    return sorted(folder.iterdir())


def _write_factory(folder: Path, *, side: int) -> Path:
    """Photographs with labels; gives their folder."""
    factory = build_factory(
        folder, seed=3, images=60, size_wh=(side, side), report=lambda _: None
    )
    return factory.photos


class Device:
    """`pitmark edge serve` as a process, and what its memory does."""

    def __init__(self, base: Path, kind: str, source: str, arguments: Any) -> None:
        text = POINTS.format(
            kind=kind, source=source, server=SERVER if arguments.outbox else ""
        )
        path = base / f"{kind}.toml"
        path.write_text(text)
        self.folder = base / f"device-{kind}"
        self._command = [*PITMARK, "--json", "edge", "serve", "--points", str(path)]

    @contextlib.contextmanager
    def running(self, *bundle: Path) -> Iterator[Device]:
        """Started, with a release where one is given; stopped in the end."""
        command = [*self._command, *map(str, bundle)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(json.loads(self.process.stdout.readline())["started"]["port"])
        try:
            yield self
        finally:
            self.process.send_signal(signal.SIGTERM)
            self.process.communicate(timeout=120)

    def memory_mb(self) -> float:
        """What the process holds just now."""
        return _status_kb(self.process.pid, "VmRSS") / 1024

    def peak_mb(self) -> float:
        """The most it has held."""
        return _status_kb(self.process.pid, "VmHWM") / 1024

    def cpu_s(self) -> float:
        """Seconds of processor time it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def status(self) -> dict[str, Any]:
        """As it tells it over HTTP."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", "/status")
        found: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return found


def _cold_start(
    base: Path, bundle: Path, images: list[Path], arguments: Any
) -> list[dict[str, Any]]:
    """From the start of the process to the first verdict, with a release in its slot."""
    device = Device(base, "http", '{ kind = "http" }', arguments)
    with device.running(bundle):
        _post(device.port, images[0].read_bytes())
        how = device.status()["releases"]["main"]
    tell(f"{how['precision']}, {how['threads']} thread(s)")
    seconds = []
    for _ in range(max(arguments.seeds, 3)):
        start = time.perf_counter()
        with device.running():
            _post(device.port, images[0].read_bytes())
            seconds.append(time.perf_counter() - start)
    value = round(statistics.median(seconds), 3)
    shared = {"way": "http", "precision": how["precision"], "threads": how["threads"]}
    return [{**shared, "metric": "cold_start_s", "value": value}]


def _over_http(
    base: Path, bundle: Path, images: list[Path], arguments: Any, *, rate: float | None
) -> list[dict[str, Any]]:
    """Parts sent as fast as verdicts come, or at the rate of a line."""
    device = Device(base, "http", '{ kind = "http" }', arguments)
    bodies = [p.read_bytes() for p in images]
    with device.running():
        for body in bodies[:20]:
            _post(device.port, body)
        times: list[float] = []
        memory: list[float] = []
        numbers = iter(range(arguments.parts))
        start, used = time.perf_counter(), device.cpu_s()

        def work() -> None:
            connection = http.client.HTTPConnection("127.0.0.1", device.port, timeout=60)
            for number in numbers:
                if rate is not None:
                    time.sleep(max(0.0, start + number / rate - time.perf_counter()))
                before = time.perf_counter()
                _post_on(connection, bodies[number % len(bodies)])
                times.append((time.perf_counter() - before) * 1000)
                if number % 50 == 0:
                    memory.append(device.memory_mb())
            connection.close()

        with ThreadPoolExecutor(arguments.clients) as pool:
            for done in [pool.submit(work) for _ in range(arguments.clients)]:
                done.result()
        elapsed, used = time.perf_counter() - start, device.cpu_s() - used
        found = _figures(device, times, elapsed, memory)
        found["cpu_ms_per_part"] = round(used / arguments.parts * 1000, 1)
    way = "http" if rate is None else "line"
    tell(f"{way}: {arguments.parts} parts in {elapsed:.0f} s")
    return [{"way": way, "metric": m, "value": v} for m, v in found.items()]


def _through_folder(
    base: Path, bundle: Path, images: list[Path], arguments: Any
) -> list[dict[str, Any]]:
    """Files appear at 40 per second; end to end is from the file's name to its log line."""
    incoming = base / "in"
    incoming.mkdir()
    device = Device(base, "folder", '{ kind = "folder", at = "in" }', arguments)
    parts = max(arguments.parts // 4, 20)
    rate = 40.0
    written: dict[str, float] = {}
    with device.running(bundle):
        memory = []
        start = time.perf_counter()
        for number in range(parts):
            time.sleep(max(0.0, start + number / rate - time.perf_counter()))
            image = images[number % len(images)]
            name = f"{number:06d}{image.suffix}"
            shutil.copyfile(image, base / "next")
            (base / "next").replace(incoming / name)
            written[name] = time.time()
            if number % 50 == 0:
                memory.append(device.memory_mb())
        log = device.folder / "log" / "results.jsonl"
        seen = _wait_for_log(log, parts)
        elapsed = time.perf_counter() - start
        judged = {r["name"]: _epoch(r["at"]) for r in seen}
        times = [(judged[n] - at) * 1000 for n, at in written.items()]
        found = _figures(device, times, elapsed, memory)
    tell(f"folder: {parts} parts in {elapsed:.0f} s, offered at {rate:.0f} per second")
    return [{"way": "folder", "metric": m, "value": v} for m, v in found.items()]


def _figures(
    device: Device, times_ms: list[float], elapsed_s: float, memory_mb: list[float]
) -> dict[str, float]:
    """Figures of one way; growth compares the second and the last tenth of the parts."""
    ordered = sorted(times_ms)
    tenth = max(1, len(memory_mb) // 10)
    early = memory_mb[tenth : 2 * tenth] or memory_mb[:1]
    status = device.status()
    lost = sum(status["unrecorded"].values())
    if lost:
        tell(f"not recorded: {status['unrecorded']}")
    tenths = (memory_mb[i : i + tenth] for i in range(0, len(memory_mb), tenth))
    tell("MB in tenths of the parts: " + ", ".join(f"{statistics.mean(t):.0f}" for t in tenths))
    return {
        "parts": len(times_ms),
        "frames_per_s": round(len(times_ms) / elapsed_s, 1),
        "p50_ms": round(statistics.median(ordered), 1),
        "p99_ms": round(ordered[int(0.99 * (len(ordered) - 1))], 1),
        "peak_mb": round(device.peak_mb()),
        "growth_mb": round(statistics.mean(memory_mb[-tenth:]) - statistics.mean(early), 1),
        "unrecorded": lost,
    }


def _wait_for_log(log: Path, parts: int) -> list[dict[str, Any]]:
    for _ in range(6000):
        if log.exists():
            lines = log.read_text().splitlines()
            if len(lines) >= parts:
                return [json.loads(line) for line in lines]
        time.sleep(0.05)
    sys.exit("the device has not judged all parts")


def _epoch(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def _post(port: int, body: bytes) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    _post_on(connection, body)
    connection.close()


def _post_on(connection: http.client.HTTPConnection, body: bytes) -> None:
    connection.request("POST", "/points/line/images", body)
    answer = connection.getresponse()
    told = json.loads(answer.read())
    if answer.status != 200 or told["verdict"]["outcome"] == "error":
        sys.exit(f"the device answered {answer.status}: {told}")


def _status_kb(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    sys.exit(f"the system tells no {name}")


if __name__ == "__main__":
    main()
