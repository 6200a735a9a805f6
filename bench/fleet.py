"""A fleet of ten thousand devices: its list, one device, a wave, and records that come in.

    python3 dev.py bench fleet -- --devices 10000 --events 1000000

Rows are generated; the questions are those of the API, each asked in several variations.
Records are posted to the routes in one process, half of them with an image of 512 px.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import random
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from starlette.testclient import TestClient

from bench.shape import finish, gate, parser, tell
from pitmark.core.label_book import LabelBook
from pitmark.ops import rollouts
from pitmark.ops.devices import add_device, register_device
from pitmark.ops.fleet import device_details, fleet_page, fleet_summary
from pitmark.server.app import create_app
from pitmark.store.db import ProjectStore, open_store
from pitmark.store.fleet import FleetFilter
from pitmark.store.schema import events, now
from pitmark.store.schema_devices import device_hours, devices
from pitmark.store.secret import digest

_HOURS, _ASKED, _PART = 24, 200, 10_000


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
        gate("one device, p95 under 100 ms", held["device", "p95_ms"], 100.0, at_least=False),
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
    for start in range(0, parts, _PART):
        rows = [_event(n, count, draw, moment) for n in range(start, min(parts, start + _PART))]
        with scope.write() as connection:
            scope.insert(connection, events, rows)


def _device(number: int, draw: random.Random, moment: Any) -> dict[str, Any]:
    return {
        "name": f"plant{number % 97:02}-press-{number:05}",
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


def _event(number: int, count: int, draw: random.Random, moment: Any) -> dict[str, Any]:
    owner = draw.randrange(count)
    return {
        "key": f"{number}",
        "at": moment - timedelta(seconds=draw.randint(0, 86_400)),
        "device": f"plant{owner % 97:02}-press-{owner:05}",
        "release": 3,
        "name": f"{number}.png",
        "verdict": "NG" if draw.random() < 0.05 else "OK",
        "score": draw.random(),
        "reason": "",
        "facts": {},
    }


def _questions(project: ProjectStore, count: int) -> list[dict[str, Any]]:
    draw = random.Random(1)

    def name() -> str:
        number = draw.randrange(count)
        return f"plant{number % 97:02}-press-{number:05}"

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
    key = register_device([store], code).key
    rng = np.random.default_rng(0)
    app = create_app(home)
    with TestClient(app, base_url="http://localhost") as client:
        client.headers["Authorization"] = f"Bearer {key}"
        bodies = [_record(n, rng) for n in range(count)]
        started = time.perf_counter()
        for body in bodies:
            assert client.post("/api/devices/sender/events", json=body).status_code == 201
        rate = count / (time.perf_counter() - started)
    tell(f"{rate:.0f} records a second")
    return [{"query": "records", "metric": "per_s", "value": round(rate, 1)}]


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
