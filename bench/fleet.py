"""A fleet of ten thousand devices: its list, one device, a wave, and records that come in.

    python3 dev.py bench fleet -- --devices 10000 --events 1000000

Rows are generated; the questions are those of the API, each asked in several variations.
Records are posted to the routes in one process, half of them with an image of 512 px; then
an outbox sends them to a server over a socket, as many in a request as it takes.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import random
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from PIL import Image
from starlette.testclient import TestClient

from bench.shape import finish, gate, parser, tell
from pitmark.core.label_book import LabelBook
from pitmark.edge.delivery import Delivery
from pitmark.edge.http_sender import HttpSender
from pitmark.edge.outbox import Outbox
from pitmark.edge.outbox_entry import Entry, Priority
from pitmark.ops.line import rollouts
from pitmark.ops.line.devices import add_device, register_device
from pitmark.ops.line.fleet import device_details, fleet_page, fleet_summary
from pitmark.server.app import create_app
from pitmark.store.db import ProjectStore, open_store
from pitmark.store.fleet import FleetFilter
from pitmark.store.schema import now
from pitmark.store.schema_devices import device_hours, devices
from pitmark.store.secret import digest

_HOURS, _ASKED, _DAY_S, _NG = 24, 200, 86_400, 0.05
_SMALL = "records together, no image"


def main() -> None:
    """Run the benchmark."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with open_store(home, create=True) as store:
            project = store.create_project("line", "detection", LabelBook())
            started = time.perf_counter()
            _fill(project, arguments.devices, arguments.events)
            tell(f"rows made in {time.perf_counter() - started:.0f} s")
            results = _questions(project, arguments.devices)
            results += _records(home, store, arguments.records)
    about = {"devices": arguments.devices, "events": arguments.events}
    results = [{**about, **one} for one in results]
    held = {(r["query"], r["metric"]): r["value"] for r in results}
    gates = [
        gate(
            "page of 100 devices, p95 under 100 ms",
            held["page", "p95_ms"],
            100.0,
            at_least=False,
        ),
        gate(
            "rollout looked at, p95 under 50 ms",
            held["rollout looked at", "p95_ms"],
            50.0,
            at_least=False,
        ),
        gate("one device, p95 under 100 ms", held["device", "p95_ms"], 100.0, at_least=False),
        gate("100 small records a second", held[_SMALL, "per_s"], 100.0, at_least=True),
    ]
    finish("fleet", results, gates, arguments)


def _arguments() -> argparse.Namespace:
    out = parser(__doc__ or "")
    out.add_argument("--devices", type=int, default=10_000)
    out.add_argument("--events", type=int, default=1_000_000)
    out.add_argument("--records", type=int, default=400, help="records to post")
    return out.parse_args()


def _fill(project: ProjectStore, count: int, parts: int) -> None:
    draw, moment = random.Random(0), now()
    scope = project._scope
    made = [_device(n, draw, moment) for n in range(count)]
    with scope.write() as connection:
        keys = scope.insert_returning(connection, devices.c.id, made)
        hour = moment.replace(minute=0, second=0, microsecond=0)
        each = max(1, parts // (count * _HOURS))
        for back in range(_HOURS):
            at = hour - timedelta(hours=back)
            rows = [
                {"device_id": k, "hour": at, "release": 3, "ok": each, "ng": 1, "error": 0}
                for k in keys
            ]
            scope.insert(connection, device_hours, rows)
        _insert_events(scope, connection, count, parts, moment)


def _insert_events(
    scope: Any, connection: Any, count: int, parts: int, moment: datetime
) -> None:
    """All in this transaction, oldest first as they come, by the driver itself."""
    connection.exec_driver_sql("PRAGMA cache_size = -400000")
    draw, times = random.Random(0), [moment - timedelta(seconds=n) for n in range(_DAY_S)]
    # As the store keeps a moment in SQLite.
    told = [f"{at:%Y-%m-%d %H:%M:%S.%f}" for at in times]
    fixed = (scope.organisation, scope.project_id, 3, "", "{}")
    columns = (
        "organisation_id, project_id, release, reason, facts, key, at, device, name,"
        " verdict, score"
    )

    def rows() -> Iterator[tuple[Any, ...]]:
        for n in range(parts):
            at = told[_DAY_S - 1 - n * _DAY_S // parts]
            verdict = "NG" if draw.random() < _NG else "OK"
            yield (*fixed, f"{n:09}", at, _name(n % count), f"{n}.png", verdict, draw.random())

    marks = ", ".join("?" * 11)
    cursor = connection.connection.cursor()
    cursor.executemany(f"INSERT INTO events ({columns}) VALUES ({marks})", rows())


def _name(number: int) -> str:
    return f"plant{number % 97:02}-press-{number:05}"


def _device(number: int, draw: random.Random, moment: Any) -> dict[str, Any]:
    return {
        "name": _name(number),
        "key_sha": digest(f"{number}"),
        "created": moment,
        "registered": moment,
        "last_seen": moment - timedelta(seconds=draw.randint(0, 900)),
        "release": draw.choice((2, 3)),
        "desired": 3,
        "on_trial": False,
        "drift": draw.random() < 0.01,
        "state": {"healthy": True, "disk": {"free_bytes": 10**10, "total_bytes": 10**11}},
    }


def _questions(project: ProjectStore, count: int) -> list[dict[str, Any]]:
    draw = random.Random(1)

    def name() -> str:
        return _name(draw.randrange(count))

    filters = (
        FleetFilter(),
        FleetFilter(release=2),
        FleetFilter(behind=True),
        FleetFilter(drift=True),
        FleetFilter(state="silent"),
        FleetFilter(name="press-042"),
    )
    asked: dict[str, Callable[[], object]] = {
        "page": lambda: fleet_page(project, after=name()),
        "filtered page": lambda: fleet_page(project, draw.choice(filters), after=name()),
        "counts": lambda: fleet_summary(project),
        "device": lambda: device_details(project, name()),
    }
    found = [line for query, ask in asked.items() for line in _timed(query, ask)]
    with project.transaction():
        started = time.perf_counter()
        ids = [key for key, _ in project.rollouts.candidates()]
        project.rollouts.add(3, {"waves": [1.0], "canary": [], "placed": 1}, by="bench")
        project.rollouts.place([ids])
        project.rollouts.offer(0, 3)
        took = time.perf_counter() - started
    found.append({"query": "rollout begins", "metric": "s", "value": round(took, 2)})
    return found + _timed("rollout looked at", lambda: rollouts.status(project), times=10)


def _timed(
    query: str, ask: Callable[[], object], *, times: int = _ASKED
) -> list[dict[str, Any]]:
    ask()
    took = []
    for _ in range(times):
        started = time.perf_counter()
        ask()
        took.append((time.perf_counter() - started) * 1000)
    tell(f"{query}: {np.median(took):.1f} ms")
    return [
        {"query": query, "metric": f"p{q}_ms", "value": round(float(np.percentile(took, q)), 1)}
        for q in (50, 95)
    ]


def _records(home: Path, store: Any, count: int) -> list[dict[str, Any]]:
    project = store.project("line")
    _, code = add_device(project, "sender", by="bench")
    key = register_device(store, code).key
    rng = np.random.default_rng(0)
    app = create_app(home)
    with TestClient(app, base_url="http://localhost") as client:
        client.headers["Authorization"] = f"Bearer {key}"
        bodies = [_record(n, rng) for n in range(count)]
        started = time.perf_counter()
        for body in bodies:
            assert client.post("/api/devices/sender/events", json=body).status_code == 201
        rate = count / (time.perf_counter() - started)
    tell(f"{rate:.0f} records a second, one by one")
    one_by_one = {"query": "records one by one", "metric": "per_s", "value": round(rate, 1)}
    return [one_by_one, *_together(home, store, count, rng)]


def _together(home: Path, store: Any, count: int, rng: Any) -> list[dict[str, Any]]:
    """From the outbox of a device over a socket to a server, as many as it takes at once."""
    out = []
    for query, every in ((_SMALL, 0), ("records together", 2)):
        _, code = add_device(store.project("line"), f"sender-{every}", by="bench")
        key = register_device(store, code).key
        with tempfile.TemporaryDirectory() as folder, _serving(home) as url:
            outbox = Outbox(Path(folder))
            sender = HttpSender(url, f"sender-{every}", key)
            outbox.put([_entry(n, rng, every) for n in range(count)])
            delivery = Delivery(outbox, sender, together=sender)
            started = time.perf_counter()
            while delivery.send_some():
                pass
            rate = count / (time.perf_counter() - started)
            assert delivery.sent == count
            sender.close()
            outbox.close()
        tell(f"{query}: {rate:.0f} a second")
        out.append({"query": query, "metric": "per_s", "value": round(rate, 1)})
    return out


@contextmanager
def _serving(home: Path) -> Iterator[str]:
    """The server on a free port of this machine."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(home), log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.02)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def _entry(number: int, rng: np.random.Generator, every: int) -> Entry:
    told = _record(number if every else 2 * number, rng)
    image = told.pop("image_base64")
    del told["key"], told["image_sha256"]
    return Entry(Priority.SAMPLE, told, None if image is None else base64.b64decode(image))


def _record(number: int, rng: np.random.Generator) -> dict[str, Any]:
    image = None
    if number % 2:
        small = rng.integers(60, 200, (64, 64), dtype=np.uint8)
        out = io.BytesIO()
        Image.fromarray(small).resize((512, 512)).save(out, "PNG")
        image = out.getvalue()
    return {
        "key": f"b-{number}",
        "at": now().isoformat(),
        "name": f"{number}.png",
        "verdict": {"outcome": "NG" if image else "OK", "score": 0.5},
        "image_sha256": hashlib.sha256(image).hexdigest() if image else None,
        "image_base64": base64.b64encode(image).decode() if image else None,
    }


if __name__ == "__main__":
    main()
