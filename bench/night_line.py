"""The line of the night: parts with known truth, and their pictures in other light."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
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
from pitmark.store.tokens import NewToken


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


def lit(data: bytes, light: float, slope: float, seed: int) -> bytes:
    """The part under another light, with the noise of a new picture.

    Args:
        data: Its picture.
        light: Factor on every pixel.
        slope: By how much the left side is lighter and the right one darker.
        seed: Of the noise.

    Returns:
        A PNG.
    """
    pixels = decode_image(data, name="part").pixels
    top = np.iinfo(pixels.dtype).max
    noise = np.random.default_rng(seed).normal(0, top / 250, pixels.shape)
    ramp = light * np.linspace(1 + slope, 1 - slope, pixels.shape[1])
    shown = pixels * ramp.reshape((1, -1) + (1,) * (pixels.ndim - 2)) + noise
    file = io.BytesIO()
    Image.fromarray(np.clip(shown, 0, top).astype(pixels.dtype)).save(file, "PNG")
    return file.getvalue()
