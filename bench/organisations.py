"""Who asks, in a workspace of many organisations: tokens, device keys, sessions, invitations.

    python3 dev.py bench organisations -- --organisations 10000

Each organisation has a member and a token; the requests are those of the API, in one process,
each in the name of another organisation.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from starlette.testclient import TestClient

from bench.shape import finish, gate, parser, tell
from pitmark.core.label_book import LabelBook
from pitmark.ops.line.devices import add_device
from pitmark.server.app import create_app
from pitmark.store.db import Store, open_store
from pitmark.store.schema import now, organisations
from pitmark.store.schema_people import api_tokens, memberships
from pitmark.store.scope import Scope
from pitmark.store.secret import digest
from pitmark.store.tokens import TOKEN_PREFIX

_WITH_DEVICE = 20


def main() -> None:
    """Run the benchmark."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with open_store(home, create=True) as store:
            codes = _fill(store, arguments.organisations)
        tell(f"{arguments.organisations} organisations made")
        with TestClient(create_app(home), base_url="http://localhost") as client:
            results = _asked(client, arguments, codes)
    gates = [
        gate(f"{r['query']}, p95 under 50 ms", r["value"], 50.0, at_least=False)
        for r in results
        if r["metric"] == "p95_ms"
    ]
    finish("organisations", results, gates, arguments)


def _arguments() -> argparse.Namespace:
    out = parser(__doc__ or "")
    out.add_argument("--organisations", type=int, default=10_000)
    out.add_argument("--times", type=int, default=50, help="each question is asked")
    return out.parse_args()


def _name(number: int) -> str:
    return f"plant-{number:05}"


def _token(number: int) -> str:
    return f"{TOKEN_PREFIX}{number:032}"


def _fill(store: Store, count: int) -> list[tuple[str, str]]:
    """Organisations with a member and a token each; codes of devices of some of them."""
    person, moment = store.persons.add("Ann Admin", "ann@factory.example", "x"), now()
    member = {"person_id": person.id, "role": "owner", "since": moment}
    token = {
        "project_id": None,
        "person_id": person.id,
        "name": "t",
        "scope": "read",
        "created": moment,
        "expires": moment + timedelta(days=9),
        "last_used": moment,
    }
    with store.database.write() as connection:
        for number in range(count):
            scope = Scope(store.database, _name(number))
            scope.insert(connection, organisations, [{"created": moment}])
            scope.insert(connection, memberships, [member])
            secret = {"secret_sha": digest(_token(number))}
            scope.insert(connection, api_tokens, [{**token, **secret}])
    codes = []
    for number in range(count - 1, 0, -max(1, count // _WITH_DEVICE)):
        project = store.of(_name(number)).create_project("line", "detection", LabelBook())
        codes.append(("press", add_device(project, "press", by="ann")[1]))
    return codes


def _asked(
    client: TestClient, arguments: Any, codes: list[tuple[str, str]]
) -> list[dict[str, Any]]:
    draw = random.Random(0)

    def get(path: str, secret: str, status: int = 200) -> None:
        answer = client.get(path, headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == status, answer.text

    def by_token() -> None:
        number = draw.randrange(arguments.organisations)
        get(f"/api/orgs/{_name(number)}/projects", _token(number))

    keys = []
    for _, code in codes:
        answer = client.post("/api/devices/registration", json={"code": code})
        keys.append(answer.json()["key"])
    asked: dict[str, Callable[[], None]] = {
        "projects by token": by_token,
        "unknown token": lambda: get("/api/session", f"{TOKEN_PREFIX}none", 401),
        "device by key": lambda: get("/api/devices/press/desired", draw.choice(keys)),
        "nobody signed in": lambda: assert_ok(client.get("/api/session")),
    }
    return [line for query, ask in asked.items() for line in _timed(query, ask, arguments)]


def assert_ok(answer: Any) -> None:
    """An answer that is none would be timed as one."""
    assert answer.status_code == 200, answer.text


def _timed(query: str, ask: Callable[[], None], arguments: Any) -> list[dict[str, Any]]:
    took = []
    for _ in range(arguments.times):
        started = time.perf_counter()
        ask()
        took.append((time.perf_counter() - started) * 1000)
    tell(f"{query}: {np.median(took):.1f} ms")
    shared = {"query": query, "organisations": arguments.organisations}
    return [
        {**shared, "metric": f"p{q}_ms", "value": round(float(np.percentile(took, q)), 1)}
        for q in (50, 95)
    ]


if __name__ == "__main__":
    main()
