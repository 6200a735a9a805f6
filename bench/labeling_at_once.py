"""People who label at the same time, as `bench server --people N` measures them.

    python3 dev.py bench labeling_at_once -- --people 50 --minutes 2 --kills 20
    python3 dev.py bench labeling_at_once -- --organisations 4 --database-url postgresql://...

A real server over a real workspace. Every person has a token, fetches an image, thinks for
a while, and saves one to five boxes; each save carries a key and is sent again until it is
acknowledged. First the time of a save is measured with nobody disturbed. Then the server
is killed (SIGKILL) at random moments and started again while everybody goes on, and every
acknowledged label must be there once. People are spread over organisations; a database that
is named must be empty.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from bench.calibration import calibrated
from bench.shape import finish, gate, parser, tell

_SIDE_PX = 320
_CLASSES = ("dent", "scratch", "pit mark")
_API = "/api/orgs/{}/projects/parts"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who labels."""

    name: str
    token: str
    organisation: str = "local"

    @property
    def images(self) -> str:
        """Where the images of their project are."""
        return f"{_API.format(self.organisation)}/images"


@dataclass
class Tally:
    """What came of it: seconds per acknowledged save, and the saves by key."""

    seconds: list[float] = field(default_factory=list)
    saved: dict[str, tuple[Person, str, str]] = field(default_factory=dict)
    repeated: int = 0
    refused: list[str] = field(default_factory=list)


class Server:
    """`pitmark serve` as a process of its own, on a port that stays the same."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "pitmark", "serve", "--home", str(self.home)]
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(600):
            try:
                if httpx.get(f"{self.url}/api/health").is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        sys.exit("the server did not start within 30 s")

    def kill(self) -> None:
        """End it without a word."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass(frozen=True, slots=True)
class Shift:
    """What everybody works on until it is `done`."""

    server: Server
    shas: list[str]
    pause_s: float
    tally: Tally
    done: asyncio.Event = field(default_factory=asyncio.Event)


def main() -> None:
    """Measure, kill, count."""
    out = parser(__doc__ or "")
    out.add_argument("--people", type=int, default=50)
    out.add_argument("--images", type=int, default=400)
    out.add_argument("--minutes", type=float, default=1.0, help="of undisturbed labeling")
    out.add_argument("--pause", type=float, default=2.0, help="seconds between two saves")
    out.add_argument("--kills", type=int, default=20)
    out.add_argument("--organisations", type=int, default=1)
    out.add_argument("--database-url", help="of an empty PostgreSQL database")
    arguments = out.parse_args()
    results, gates = people_at_once(arguments)
    finish("labeling_at_once", results, gates, arguments)


def people_at_once(
    arguments: argparse.Namespace,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Both parts; gives results and gates."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        people = _fill(home, Path(folder) / "images", arguments)
        server = Server(home)
        server.start()
        try:
            calm, rough = Tally(), Tally()
            calm_run = _label(server, people, arguments, calm, kills=0)
            _, machine = calibrated(lambda: asyncio.run(calm_run))
            tell(f"{len(calm.seconds)} saves undisturbed")
            asyncio.run(_label(server, people, arguments, rough, kills=arguments.kills))
            lost, doubled = asyncio.run(_count(server, people, calm, rough))
        finally:
            server.kill()
    results, gates = _told(arguments, calm, rough, lost, doubled)
    return [{**one, **machine.beside(one["p95_ms"])} for one in results], gates


def _told(
    arguments: argparse.Namespace, calm: Tally, rough: Tally, lost: int, doubled: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    p50, p95, p99 = (1000 * float(np.quantile(calm.seconds, q)) for q in (0.5, 0.95, 0.99))
    result = {
        "data": "generated",
        "task": "labeling",
        "database": "PostgreSQL" if arguments.database_url else "SQLite",
        "organisations": arguments.organisations,
        "people": arguments.people,
        "saves": len(calm.seconds),
        "p50_ms": round(p50, 1),
        "p95_ms": round(p95, 1),
        "p99_ms": round(p99, 1),
        "kills": arguments.kills,
        "saves_with_kills": len(rough.saved),
        "sent_again": rough.repeated,
        "lost": lost,
        "doubled": doubled,
        "refused": len(calm.refused) + len(rough.refused),
        "refusals": (calm.refused + rough.refused)[:3],
    }
    gates = [
        gate("p95 of a save in ms", round(p95, 1), 100, at_least=False),
        gate("labels lost", lost, 0, at_least=False),
        gate("labels saved twice", doubled, 0, at_least=False),
        gate("saves refused", result["refused"], 0, at_least=False),
    ]
    return [result], gates


def _fill(home: Path, folder: Path, arguments: argparse.Namespace) -> list[Person]:
    """A project of plain pictures and a token for everybody; gives the people."""
    from pitmark.core.label_book import LabelBook
    from pitmark.ops.images.importing import import_folder
    from pitmark.store.db import open_store
    from pitmark.store.tokens import NewToken

    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(arguments.images):
        low = rng.integers(60, 200, (8, 8), dtype=np.uint8)
        picture = Image.fromarray(low).resize((_SIDE_PX, _SIDE_PX), Image.Resampling.BICUBIC)
        picture.save(folder / f"part_{number:05}.jpg")
    people, count = [], arguments.organisations
    for place in range(count):
        organisation = f"plant-{place}" if place else "local"
        with open_store(
            home,
            create=True,
            organisation=organisation,
            database_url=None if place else arguments.database_url,
        ) as store:
            book = LabelBook().with_classes(_CLASSES)
            import_folder(store.create_project("parts", "detection", book), folder)
            for number in range(place, arguments.people, count):
                name, email = f"Labeler {number:02}", f"labeler{number}@factory.example"
                person = store.persons.add(name, email, "no password")
                store.people.add(person.id, "owner" if number == place else "labeler")
                new = NewToken("bench", "label", None, 1)
                token = store.tokens.add(new, person=person.id)[1]
                people.append(Person(name, token, organisation))
    return people


async def _label(
    server: Server,
    people: list[Person],
    arguments: argparse.Namespace,
    tally: Tally,
    *,
    kills: int,
) -> None:
    shas = await _shas(server, people[0], arguments.images)
    shift = Shift(server, shas, arguments.pause, tally)
    work = [asyncio.create_task(_person(shift, p, n)) for n, p in enumerate(people)]
    if kills:
        rng = random.Random(7)
        for round_ in range(kills):
            await asyncio.sleep(rng.uniform(0.5, 3.0))
            server.kill()
            tell(f"killed {round_ + 1} of {kills}, {len(tally.saved)} saves acknowledged")
            await asyncio.to_thread(server.start)
        await asyncio.sleep(2 * arguments.pause)
    else:
        await asyncio.sleep(60 * arguments.minutes)
    shift.done.set()
    await asyncio.gather(*work)


async def _shas(server: Server, person: Person, count: int) -> list[str]:
    async with _client(server, person) as client:
        answer = await client.get(person.images, params={"limit": min(count, 200)})
        answer.raise_for_status()
        return [item["sha256"] for item in answer.json()["items"]]


async def _person(shift: Shift, person: Person, number: int) -> None:
    rng = random.Random(1000 * number + len(shift.tally.saved))
    start = rng.randrange(10**9)
    async with _client(shift.server, person) as client:
        await asyncio.sleep(rng.uniform(0, shift.pause_s))
        count = 0
        while not shift.done.is_set():
            sha, key = rng.choice(shift.shas), f"{number}-{start}-{count}"
            count += 1
            body = {"shapes": _boxes(rng), "key": key}
            await _save(client, sha, body, person, shift.tally)
            await asyncio.sleep(rng.uniform(0.5, 1.5) * shift.pause_s)


def _boxes(rng: random.Random) -> list[dict[str, Any]]:
    out = []
    for _ in range(rng.randint(1, 5)):
        x, y = rng.uniform(0, _SIDE_PX - 40), rng.uniform(0, _SIDE_PX - 40)
        xyxy = [x, y, x + rng.uniform(5, 40), y + rng.uniform(5, 40)]
        out.append({"kind": "box", "label": rng.choice(_CLASSES), "xyxy": xyxy})
    return out


async def _save(
    client: httpx.AsyncClient, sha: str, body: dict[str, Any], person: Person, tally: Tally
) -> None:
    """Send one save until it is acknowledged, as the web app does."""
    tries = 0
    while True:
        begun = time.perf_counter()
        try:
            answer = await client.put(f"{person.images}/{sha}/labels", json=body)
        except httpx.TransportError:
            tries += 1
            await asyncio.sleep(0.2)
            continue
        if not answer.is_success:
            tally.refused.append(answer.text[:300])
            return
        tally.seconds.append(time.perf_counter() - begun)
        tally.saved[body["key"]] = (person, sha, json.dumps(body["shapes"]))
        tally.repeated += tries > 0
        return


async def _count(server: Server, people: list[Person], *tallies: Tally) -> tuple[int, int]:
    """Acknowledged labels that are not in the history of their image, and those twice in it."""
    wanted: dict[tuple[str, str], list[str]] = {}
    for tally in tallies:
        for person, sha, shapes in tally.saved.values():
            wanted.setdefault((person.organisation, sha), []).append(shapes)
    lost = doubled = 0
    for reader in {p.organisation: p for p in people}.values():
        async with _client(server, reader) as client:
            for (organisation, sha), saves in wanted.items():
                if organisation != reader.organisation:
                    continue
                answer = await client.get(f"{reader.images}/{sha}/labels")
                answer.raise_for_status()
                history = [_boxes_of(a["shapes"]) for a in answer.json()["history"]]
                found = [history.count(_boxes_of(json.loads(shapes))) for shapes in saves]
                lost += sum(n == 0 for n in found)
                doubled += sum(n > 1 for n in found)
    return lost, doubled


def _boxes_of(shapes: list[dict[str, Any]]) -> str:
    return json.dumps([[s["label"], [round(v, 6) for v in s["xyxy"]]] for s in shapes])


def _client(server: Server, person: Person) -> httpx.AsyncClient:
    head = {"Authorization": f"Bearer {person.token}"}
    return httpx.AsyncClient(base_url=server.url, headers=head, timeout=30)


if __name__ == "__main__":
    main()
