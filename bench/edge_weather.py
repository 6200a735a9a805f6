"""A bad week of a device: no network, killed, disk full, clock set back a year.

    python3 dev.py bench edge_weather
    python3 dev.py bench edge_weather -- --parts 1440 --kills 30

A real server and a real `pitmark edge serve`, a part a minute by the device's clock. A day
goes well; then the network is cut for `--parts` parts (10,080 are a week). On the third of
seven days the disk is full to the last byte, after the fourth somebody sets the clock back a
year. All the while the device is killed at random moments, also with a full disk. When the
network is back, it breaks again and again, and the server is killed, too. Who shows the parts
shows one again where the device went down under it.

Every record that lay on the device's disk at any kill has to be at the server in the end, once.
The line never waits for the disk: what was judged and not yet written when the device was
killed, or found the disk full, is counted apart. Linux only, with a C compiler for the clock.
"""

from __future__ import annotations

import argparse
import os
import random
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.edge_service import make_release
from bench.shape import finish, gate, parser, tell
from bench.weather_plant import Plant

_MINUTE, _DAY, _YEAR = 60, 86_400, 365 * 86_400
_INSIDE = "PITMARK_BENCH_MOUNTS"
_DRAINED_S = 1800.0


def main() -> None:
    """Run the benchmark."""
    arguments = _arguments()
    _with_own_mounts()
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        bundle, images = make_release(base, arguments)
        plant = Plant(base, bundle, arguments.disk_mb)
        try:
            week = Week(plant, [p.read_bytes() for p in images], arguments)
            week.live()
            results = week.figures()
        finally:
            plant.close()
    value = {r["metric"]: r["value"] for r in results}
    names = ("parts without a verdict", "acknowledged records lost", "records doubled",
             "records missing for no known reason", "faults of the server's check")  # fmt: skip
    gates = [gate(name, value[name], 0, at_least=False) for name in names]
    gates.append(gate("kills", value["kills"], arguments.kills, at_least=True))
    back = "records dated a year back"
    gates.append(gate(back, value[back], 1, at_least=True))
    finish("edge_weather", results, gates, arguments)


def _arguments() -> argparse.Namespace:
    out = parser(__doc__ or "")
    out.add_argument("--parts", type=int, default=10_080, help="without network, one a minute")
    out.add_argument("--kills", type=int, default=200)
    out.add_argument("--seed", type=int, default=0)
    out.add_argument("--side", type=int, default=128, help="of an image, in pixels")
    out.add_argument("--network", default="standard", help="as in pitmark train")
    out.add_argument("--disk-mb", type=int, default=600, help="of the device")
    out.add_argument("--task", default="detection", help="of the data")
    out.add_argument("--bundle", type=Path, help="instead of making one; with --images")
    out.add_argument("--images", type=Path, help="folder of images to show")
    return out.parse_args()


def _with_own_mounts() -> None:
    """Begin again where a file system can be mounted that nobody else sees."""
    if os.environ.get(_INSIDE) == "1":
        return
    for way in (["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"]):
        mounts = "mount -t tmpfs -o size=1m weather /mnt"
        tried = subprocess.run([*way, "sh", "-c", mounts], capture_output=True, check=False)
        if tried.returncode == 0:
            again = [*way, sys.executable, *sys.orig_argv[1:]]
            os.execvpe(again[0], again, {**os.environ, _INSIDE: "1"})
    sys.exit("a small disk to fill cannot be mounted here: this needs Linux and unshare")


@dataclass
class _Seen:
    """What was found while the week went on."""

    verdicts: Counter[str] = field(default_factory=Counter)
    # Name of every part that got an answer, with what was wrong with the disk then.
    answered: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    unanswered: int = 0
    shown_again: int = 0
    kills: int = 0
    full_kills: int = 0
    server_kills: int = 0


class Week:
    """The line, the weather, and what came of it.

    Args:
        plant: Server, line and device.
        images: Files of parts.
        arguments: Of the benchmark.
    """

    def __init__(self, plant: Plant, images: Sequence[bytes], arguments: Any) -> None:
        self._plant, self._images, self._arguments = plant, images, arguments
        self._draw = random.Random(arguments.seed)
        self._number = 0
        # How many parts had their answer when the device was started last.
        self._started = 0
        self._seen = _Seen()
        self._full = False
        total = self._calm + arguments.parts + self._calm
        self._deadly = set(self._draw.sample(range(1, total), arguments.kills))

    @property
    def _calm(self) -> int:
        """Parts before the cut, and after it."""
        return max(20, self._arguments.parts // 7)

    def live(self) -> None:
        """A good day, seven without network, and one on which it comes back."""
        plant, day = self._plant, self._arguments.parts / 7
        # The server sets times that lie ahead of its clock right: the week ends before now.
        plant.clock.turn(-10 * _DAY)
        self._parts(self._calm, "with network")
        plant.line.cut()
        for number in range(7):
            self._full = number == 2
            if self._full:
                plant.disk.fill()
            parts = round(day * (number + 1)) - round(day * number)
            self._parts(parts, "without network" + ", disk full" * self._full)
            if self._full:
                plant.disk.make_room()
                self._full = False
            if number == 3:
                plant.clock.turn(-_YEAR)
        plant.line.break_after = 2000
        plant.line.mend()
        self._parts(self._calm // 2, "network that breaks")
        plant.line.break_after = None
        self._parts(self._calm - self._calm // 2, "network back")
        self._drain()

    def figures(self) -> list[dict[str, Any]]:
        """What was counted, as lines of a result."""
        seen, arrived = self._seen, self._plant.arrived()
        keys = Counter(key for key, _, _ in arrived)
        names = Counter(name for _, name, _ in arrived)
        long_ago = datetime.now(UTC) - timedelta(days=300)
        missing = Counter(w for n, w in seen.answered.items() if n not in names)
        doubled = sum(c - 1 for c in (*keys.values(), *names.values()))
        found = {
            "parts": self._number,
            "parts without a verdict": seen.unanswered + seen.verdicts["error"],
            **{f"verdicts {k}": seen.verdicts[k] for k in ("OK", "NG", "error")},
            "shown again after a kill": seen.shown_again,
            "kills": seen.kills,
            "kills with the disk full": seen.full_kills,
            "kills of the server": seen.server_kills,
            "acknowledged on the device at a kill": len(seen.kept),
            "records at the server": len(arrived),
            "records dated a year back": sum(at < long_ago for _, _, at in arrived),
            "acknowledged records lost": sum(key not in keys for key in seen.kept),
            "records doubled": doubled,
            "judged, not written: disk full": missing["full"],
            "judged, not written: killed": missing["killed"],
            "records missing for no known reason": missing[""],
            "faults of the server's check": len(self._plant.check()),
            "dropped by the outbox": sum(
                sum(by.values()) for by in self._plant.status()["outbox"]["dropped"].values()
            ),
        }
        return [{"metric": metric, "value": value} for metric, value in found.items()]

    def _parts(self, count: int, weather: str) -> None:
        began = time.perf_counter()
        for number in range(count):
            self._plant.clock.turn(_MINUTE)
            self._part()
            if "breaks" in weather and number % max(1, count // 5) == 0:
                self._plant.kill_server()
                self._seen.server_kills += 1
        took = timedelta(seconds=round(time.perf_counter() - began))
        tell(f"{weather}: {count} parts in {took}, {self._seen.kills} kills so far")

    def _part(self) -> None:
        """One part, shown until there is a verdict; the device may go down under it."""
        image = _distinct(self._draw.choice(self._images), self._number)
        killer = None
        if self._number in self._deadly:
            wait_s = self._draw.uniform(0, 0.15)
            killer = threading.Timer(wait_s, self._plant.kill_device)
            killer.start()
        for attempt in range(10):
            name = f"{self._number:06d}-{attempt}.png"
            told = self._plant.show(name, image)
            if told is not None and "verdict" in told:
                self._seen.answered[name] = "full" if self._full else ""
                self._seen.verdicts[told["verdict"]["outcome"]] += 1
                break
            if killer is not None:
                self._after_kill(killer)
                killer = None
            self._seen.shown_again += 1
        else:
            self._seen.unanswered += 1
        if killer is not None:
            self._after_kill(killer)
        self._number += 1
        if self._full:
            self._plant.disk.fill()

    def _after_kill(self, killer: threading.Timer) -> None:
        """See what the disk holds, and start the device again."""
        killer.join()
        seen, plant = self._seen, self._plant
        held = plant.kept()
        there = {*held.values(), *self._at_server()}
        for name in list(seen.answered)[max(self._started, len(seen.answered) - 50) :]:
            if name not in there and not seen.answered[name]:
                seen.answered[name] = "killed"
        seen.kept |= held
        seen.kills += 1
        seen.full_kills += self._full
        self._started = len(seen.answered)
        plant.start_device()

    def _at_server(self) -> list[str]:
        """Names of what has arrived; nothing new does while the network is cut."""
        return [name for _, name, _ in self._plant.arrived()] if self._plant.line.up else []

    def _drain(self) -> None:
        """Wait until the device has sent everything."""
        end = time.monotonic() + _DRAINED_S
        while time.monotonic() < end:
            box = self._plant.status()["outbox"]
            if not sum(box["waiting"].values()) and not box["aside"]:
                return
            time.sleep(1)
        tell(f"not everything was sent: {box}")


def _distinct(image: bytes, number: int) -> bytes:
    """A PNG with the number of its part in it: the same picture, another file."""
    told = b"tEXt" + b"part\0%d" % number
    chunk = struct.pack(">I", len(told) - 4) + told + struct.pack(">I", zlib.crc32(told))
    end = image.rindex(b"IEND") - 4
    return image[:end] + chunk + image[end:]


if __name__ == "__main__":
    main()
