"""A project of many images for the benchmark of the server: rows without pictures.

The tables are filled as imports, labelers, an audit and a training fill them, only without
the bytes of the images: what is measured here reads rows.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pitmark.core.inspector import InspectorSpec
from pitmark.core.label_book import ClassEntry, LabelBook
from pitmark.core.preprocess import PreprocessSpec
from pitmark.store.db import open_store

PROJECT = "line 4"
CLASSES = ("scratch", "dent", "stain", "pit mark", "crack", "burr", "smear", "hole")
LABELERS = ("ann", "bob", "eve")
KINDS = ("missing label", "wrong class", "duplicate")
_AT = "2025-06-01 08:00:00.000000"
_BATCH = 20_000


def make_project(home: Path, images: int, *, seed: int = 0) -> None:
    """A workspace with one detection project of generated rows.

    Args:
        home: A folder that does not exist yet.
        images: How many.
        seed: Of what is drawn.
    """
    book = LabelBook(classes=tuple(ClassEntry(c) for c in CLASSES))
    with open_store(home, create=True) as store:
        project = store.create_project(PROJECT, "detection", book)
        key = project.info.id
    with sqlite3.connect(home / "pitmark.db", isolation_level=None) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        rng = np.random.default_rng(seed)
        for first in range(0, images, _BATCH):
            _fill(connection, key, range(first, min(first + _BATCH, images)), rng)
        _snapshot(connection, key, images)
        connection.execute("COMMIT")
    connection.close()
    _run(home, images, rng)


def sha_of(number: int) -> str:
    """The sha256 of an image by its number."""
    return hashlib.sha256(f"image {number}".encode()).hexdigest()


def _fill(
    connection: sqlite3.Connection, key: int, numbers: range, rng: np.random.Generator
) -> None:
    count = len(numbers)
    draw = rng.random((count, 8))
    whole = rng.integers(0, 1 << 30, (count, 4)).tolist()
    own = ("local", key)
    connection.executemany(
        "INSERT INTO images (id, organisation_id, project_id, sha256, width, height, mode,"
        " name, metadata, group_name, synthetic, source, added)"
        " VALUES (?, ?, ?, ?, ?, ?, 'L', ?, ?, ?, ?, 'line', ?)",
        [
            (
                n + 1,
                *own,
                sha_of(n),
                (640, 1280, 2448)[w[0] % 3],
                (480, 960, 2048)[w[0] % 3],
                f"2025/{w[1] % 12 + 1:02d}/cam{w[1] % 4}/part_{n:07d}.png",
                _metadata(n, w, d),
                f"part {n // 4:06d}" if d[0] < 0.8 else None,
                d[1] < 0.02,
                _AT,
            )
            for n, w, d in zip(numbers, whole, draw.tolist(), strict=True)
        ],
    )
    connection.executemany(
        "INSERT INTO annotations (organisation_id, project_id, image_id, labeler, revision,"
        " shapes, labels_hash, at, book_revision, reason, review)"
        " VALUES (?, ?, ?, ?, 1, ?, ?, ?, 1, '', ?)",
        [
            (*own, n + 1, *said, _AT, review)
            for n, w, d in zip(numbers, whole, draw.tolist(), strict=True)
            for *said, review in _said(n, w, d)
        ],
    )
    connection.executemany(
        "INSERT INTO findings (organisation_id, project_id, source, kind, image_id, score,"
        " why, related, state, found, note, labels_hash, subject, fingerprint)"
        " VALUES (?, ?, 'audit', ?, ?, ?, 'w', '[]', ?, ?, '', '', ?, '')",
        [
            (*own, KINDS[w[3] % 3], n + 1, d[6], *_settled(d[7]))
            for n, w, d in zip(numbers, whole, draw.tolist(), strict=True)
            if d[5] < 0.03
        ],
    )


def _settled(drawn: float) -> tuple[str, str, str]:
    subject = json.dumps({"shape": None, "boxes": [], "related": []})
    return "open" if drawn < 0.7 else "dismissed", _AT, subject


def _metadata(number: int, whole: list[int], draw: list[float]) -> str:
    known: dict[str, Any] = {
        "lot": f"L{number // 500:05d}",
        "camera": f"cam{whole[1] % 4}",
        "exposure": (10, 20, 40, 80)[whole[2] % 4],
        "temperature": round(20 + 15 * draw[2], 2),
    }
    if draw[3] < 0.3:
        known["shift"] = ("early", "late", "night")[whole[2] % 3]
    return json.dumps(known, separators=(",", ":"))


def _said(
    number: int, whole: list[int], draw: list[float]
) -> Iterator[tuple[str, str, str, bool]]:
    """Labeler, shapes, their hash and whether it is a review, for what is labeled."""
    if draw[4] > 0.8:
        return
    shapes = [] if draw[4] > 0.4 else [_box(whole[2]), _box(whole[3])][: 1 + whole[0] % 2]
    text = json.dumps(shapes, separators=(",", ":"))
    labeler = LABELERS[whole[3] % 3]
    yield labeler, text, hashlib.sha256(text.encode()).hexdigest(), False
    if draw[4] < 0.04:
        yield LABELERS[(whole[3] + 1) % 3], text, "0" * 64, whole[0] % 2 == 0


def _box(drawn: int) -> dict[str, Any]:
    left, top = float(drawn % 600), float(drawn % 400)
    return {
        "kind": "box",
        "label": CLASSES[drawn % len(CLASSES)],
        "xyxy": [left, top, left + 20.5, top + 30.0],
    }


def _snapshot(connection: sqlite3.Connection, key: int, images: int) -> None:
    connection.execute(
        "INSERT INTO snapshots (organisation_id, project_id, id, created, note, images,"
        " labeled, book_revision, classes) VALUES ('local', ?, ?, ?, '', ?, 0, 1, '[]')",
        (key, "0" * 64, _AT, images),
    )
    connection.execute(
        "INSERT INTO snapshot_items (organisation_id, project_id, snapshot_key, image_id,"
        " split) SELECT 'local', project_id, (SELECT max(key) FROM snapshots), id,"
        " CASE id % 10 WHEN 0 THEN 'val' WHEN 1 THEN 'test' ELSE 'train' END"
        " FROM images WHERE project_id = ?",
        (key,),
    )


def _run(home: Path, images: int, rng: np.random.Generator) -> None:
    held_out = [n for n in range(images) if (n + 1) % 10 < 2]
    arrays = {
        "keys": np.array([sha_of(n) for n in held_out], dtype="U64"),
        "scores": rng.random(len(held_out)),
    }
    file = home / "predictions.npz"
    np.savez(file, **arrays)  # type: ignore[arg-type]
    spec = InspectorSpec("detection", CLASSES, PreprocessSpec((320, 320)))
    with open_store(home) as store:
        project = store.project(PROJECT)
        run = project.runs.create("train", "latest", {}, 0)
        blob = project.blobs.put_file(file)
        project.runs.save_predictions(run.id, "latest", "held-out", blob)
        project.runs.finish(run.id, {}, spec.to_json(), {})
    file.unlink()
