"""One draw of the synthesis bench: a snapshot in which a class has only a few images."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from bench.shape import tell
from pitmark.core.labels import shapes_hash
from pitmark.core.records import LabeledImage, Snapshot, SnapshotItem, Split
from pitmark.core.splits import SplitItem, assign_parts
from pitmark.store.db import ProjectStore

SHARES = {"train": 0.4, "val": 0.1, "test": 0.5}


def take_draw(
    project: ProjectStore, label: str, seed: int, arguments: argparse.Namespace
) -> str:
    """A snapshot of a draw: groups whole, the class thinned, the other classes limited.

    Args:
        project: The project.
        label: The class.
        seed: Of the draw.
        arguments: Limits: `thin`, `others`, `good`, `test_good`.

    Returns:
        Id of the snapshot.
    """
    labels = project.annotations.consensus()
    records = [r for r in project.images.iterate() if r.sha256 in labels and not r.synthetic]
    images = [LabeledImage(r, tuple(labels[r.sha256].shapes), "train") for r in records]
    items = [SplitItem(i.image.sha256, i.image.group_key, _names(i)) for i in images]
    parts = assign_parts(items, SHARES, seed=seed)
    chosen, counts = _thinned(_one_of_each_group_first(images, seed), parts, label, arguments)
    snapshot = Snapshot.of(
        (SnapshotItem(i.image.sha256, shapes_hash(i.shapes or ()), s) for i, s in chosen),
        project.book.current().names,
    )
    ids = {i.image.sha256: labels[i.image.sha256].id for i, _ in chosen}
    revision = project.book.current().revision
    info = project.snapshots.save(snapshot, ids, note=f"draw {seed}", book_revision=revision)
    told = {f"{s} {n or 'good'}": c for (s, n), c in sorted(counts.items())}
    tell(f"draw {seed}: {told}")
    return info.id


def _names(item: LabeledImage) -> tuple[str, ...]:
    return tuple(sorted({s.label for s in item.shapes or ()}))


def _one_of_each_group_first(images: Sequence[LabeledImage], seed: int) -> list[LabeledImage]:
    turns: Counter[str] = Counter()
    ranked = []
    for k in np.random.default_rng(seed).permutation(len(images)):
        group = images[k].image.group_key
        ranked.append((turns[group], images[k]))
        turns[group] += 1
    return [item for _, item in sorted(ranked, key=lambda r: r[0])]


def _thinned(
    images: Sequence[LabeledImage],
    parts: Mapping[str, Split],
    label: str,
    arguments: argparse.Namespace,
) -> tuple[list[tuple[LabeledImage, Split]], Counter[tuple[str, str]]]:
    """The images of a draw with their splits, and how many show what."""
    limits = {label: arguments.thin}
    used: Counter[tuple[str, str]] = Counter()
    chosen = []
    for item in images:
        split = parts[item.image.sha256]
        names = _names(item)
        most = arguments.good if split == "train" else arguments.test_good
        shown = names or ("",)
        if split == "train":
            full = any(
                used[split, n] >= limits.get(n, arguments.others if n else most) for n in shown
            )
        else:
            full = not names and used[split, ""] >= most
        if not full:
            used.update((split, n) for n in shown)
            chosen.append((item, split))
    return chosen, used
