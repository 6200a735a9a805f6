"""Weak slices planted into the mistakes of our own model on real images.

The model is ridge regression on our backbone, judged out of fold. Its mistakes are shuffled
among the images of a class, so that nothing but what is planted is a weak slice. Planted are

    rule    one to three conditions on metadata (made up, and measured on the pixels):
            right answers inside become wrong
    class   a class that the search does not know to be one of its own: the same
    look    one end of brightness, contrast, sharpness or noise, of which the search is told
            nothing: the same
    pixels  the pixels of some images are blurred, darkened, ... for real, and the model
            makes its own mistakes on them
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from bench.sets import PictureSet
from pitmark.core.preprocess import Pixels, resize
from pitmark.core.splits import SplitItem, assign_folds
from pitmark.quality.drift.input_statistics import STATISTIC_NAMES, image_statistics
from pitmark.train.closed_form import ridge
from pitmark.train.embed import embed_images

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

KINDS = ("rule", "class", "rule", "look", "rule", "pixels")
SHARES = (0.08, 0.12, 0.18, 0.25)
RAISED = (0.25, 0.4, 0.6)
DAMAGES = ("blur", "dark", "noise", "flat")
_MEASURED = ("brightness", "contrast", "sharpness", "noise")
_FOLDS = 3
_LEAST_RISE = 0.15


@dataclass(frozen=True)
class Scene:
    """A set with what our model says about it, clean and damaged.

    `looks` and `wrong` are by name of the damage, "" for none.
    """

    name: str
    labels: Ints
    groups: tuple[str, ...]
    looks: Mapping[str, Floats]
    said: Mapping[str, Ints]
    measured: Mapping[str, Floats]


@dataclass(frozen=True)
class Planted:
    """One draw: what the search is given, and the truth."""

    kind: str
    strength: float
    member: Flags
    columns: dict[str, Any]
    looks: Floats
    classes: Ints
    said: Ints
    failed: Flags
    groups: tuple[str, ...]


def scene(found: PictureSet, *, most: int, seed: int = 0) -> Scene:
    """A set, seen by our backbone clean and damaged, and judged out of fold."""
    rng = np.random.default_rng(seed)
    kept = np.sort(rng.permutation(len(found.pictures))[:most])
    pictures = [found.pictures[k] for k in kept]
    labels = found.labels[kept]
    pixels = {str(n): _small(p.pixels()) for n, p in enumerate(pictures)}
    keys = list(pixels)
    looks = {"": _stack(embed_images(keys, pixels.__getitem__), keys)}
    for damage in DAMAGES:

        def load(key: str, how: str = damage) -> Pixels:
            return damaged(pixels[key], how, seed=int(key))

        looks[damage] = _stack(embed_images(keys, load), keys)
    items = [SplitItem(k, p.group, (p.label,)) for k, p in zip(keys, pictures, strict=True)]
    fold = np.array(assign_folds(items, _FOLDS, seed=seed))
    statistics = np.stack([image_statistics(pixels[k]) for k in keys])
    measured = {n: statistics[:, STATISTIC_NAMES.index(n)] for n in _MEASURED}
    return Scene(
        found.name,
        labels,
        tuple(p.group for p in pictures),
        looks,
        _judged(looks, labels, fold),
        measured,
    )


def damaged(pixels: Pixels, how: str, *, seed: int) -> Pixels:
    """An image as a bad lens, lamp or sensor would show it."""
    values = pixels.astype(np.float64)
    if how == "blur":
        soft = Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(max(pixels.shape) / 90))
        return np.asarray(soft)
    if how == "dark":
        values = values * 0.45
    elif how == "noise":
        values = values + np.random.default_rng(seed).normal(0, 18, values.shape)
    else:
        values = values.mean() + (values - values.mean()) * 0.35 + 25
    return np.clip(values, 0, 255).astype(np.uint8)


def plant(scene: Scene, kind: str, seed: int) -> Planted | None:
    """One weak slice; None where the set has no room for one of this kind."""
    rng = np.random.default_rng([seed, 11])
    columns: dict[str, Any] = _made_up(rng, len(scene.labels)) | dict(scene.measured)
    raised = float(rng.choice(RAISED))
    share = float(rng.choice(SHARES))
    classes, looks = scene.labels, scene.looks[""]
    if kind == "pixels":
        return _with_damage(scene, rng, _made_up(rng, len(scene.labels)), share)
    if kind == "rule":
        member = _by_rule(rng, columns, share)
    elif kind == "look":
        columns = {k: v for k, v in columns.items() if k not in scene.measured}
        values = scene.measured[str(rng.choice(_MEASURED))] * rng.choice([-1.0, 1.0])
        member = values >= np.quantile(values, 1 - share)
    else:
        picked = _hidden_class(rng, scene.labels)
        if picked is None:
            return None
        member, classes = picked
    wrong = _shuffled(rng, scene.said[""] != scene.labels, classes)
    rate = float(wrong[member].mean())
    turned = member & ~wrong & (rng.random(len(wrong)) < raised / max(1 - rate, 0.3))
    truth = (member, wrong | turned, classes)
    return _planted(scene, (kind, raised), truth, columns, looks)


def _planted(
    scene: Scene,
    what: tuple[str, float],
    truth: tuple[Flags, Flags, Ints],
    columns: dict[str, Any],
    looks: Floats,
) -> Planted:
    """A draw of kind and strength, whose truth is who belongs, who fails, and the classes."""
    member, failed, classes = truth
    size = int(classes.max()) + 1
    # A wrong answer is always the same other class, which suits a mixture over classes.
    said = np.where(failed, (classes + 1) % max(size, 2), classes)
    told = {**columns, "class": np.array([f"class {k}" for k in classes])}
    return Planted(*what, member, told, looks, classes, said, failed, scene.groups)


def _with_damage(
    scene: Scene, rng: np.random.Generator, columns: dict[str, Any], share: float
) -> Planted | None:
    clean = scene.said[""] != scene.labels
    rises = {d: float((scene.said[d] != scene.labels).mean() - clean.mean()) for d in DAMAGES}
    strong = [d for d in DAMAGES if rises[d] >= _LEAST_RISE]
    if not strong:
        return None
    how = str(rng.choice(strong))
    member = rng.random(len(clean)) < share
    failed = _shuffled(rng, clean, scene.labels)
    failed[member] = (scene.said[how] != scene.labels)[member]
    looks = np.where(member[:, None], scene.looks[how], scene.looks[""])
    return _planted(
        scene, ("pixels", rises[how]), (member, failed, scene.labels), columns, looks
    )


def _made_up(rng: np.random.Generator, count: int) -> dict[str, Any]:
    """Columns as a plant has them, of no meaning for the look."""

    def names(prefix: str, many: int) -> NDArray[np.str_]:
        shares = rng.dirichlet(np.full(many, 4.0))
        return np.array([f"{prefix}{k + 1}" for k in rng.choice(many, count, p=shares)])

    return {
        "camera": names("cam", 4),
        "lot": names("L", 12),
        "shift": names("s", 3),
        "labeler": names("p", 5),
        "line": names("line", 2),
        "temperature": rng.normal(21, 3, count),
    }


def _by_rule(rng: np.random.Generator, columns: Mapping[str, Any], share: float) -> Flags:
    """One to three random conditions that hold of about the share."""
    best, least = np.zeros(0, dtype=bool), np.inf
    length = int(rng.integers(1, 4))
    for _ in range(300):
        chosen = rng.choice(sorted(columns), length, replace=False)
        member = np.logical_and.reduce([_condition(rng, columns[c]) for c in chosen])
        away = abs(float(member.mean()) - share)
        if away < least:
            best, least = member, away
    return best


def _condition(rng: np.random.Generator, values: NDArray[Any]) -> Flags:
    if values.dtype.kind != "f":
        return np.asarray(values == rng.choice(np.unique(values)))
    # Limits lie anywhere, not where the search cuts.
    part = rng.uniform(0.1, 0.5)
    low = bool(rng.integers(2))
    return np.asarray(
        values <= np.quantile(values, part) if low else values > np.quantile(values, 1 - part)
    )


def _hidden_class(rng: np.random.Generator, labels: Ints) -> tuple[Flags, Ints] | None:
    """A class that is told together with one or two others as one class."""
    kinds, counts = np.unique(labels, return_counts=True)
    if len(kinds) < 3:
        return None
    fits = kinds[(counts >= 0.04 * len(labels)) & (counts <= 0.3 * len(labels))]
    if not len(fits):
        return None
    own = int(rng.choice(fits))
    others = rng.permutation(kinds[kinds != own])[: min(2, len(kinds) - 2)]
    classes = labels.copy()
    classes[np.isin(labels, others)] = own
    return labels == own, np.unique(classes, return_inverse=True)[1].astype(np.int64)


def _shuffled(rng: np.random.Generator, wrong: Flags, classes: Ints) -> Flags:
    out = wrong.copy()
    for kind in np.unique(classes):
        rows = np.flatnonzero(classes == kind)
        out[rows] = wrong[rng.permutation(rows)]
    return out


def _judged(looks: Mapping[str, Floats], labels: Ints, fold: Ints) -> dict[str, Ints]:
    out = {name: np.zeros(len(labels), dtype=np.int64) for name in looks}
    for k in range(_FOLDS):
        learned, away = fold != k, fold == k
        center, spread = looks[""][learned].mean(0), looks[""][learned].std(0) + 1e-6
        rows = (looks[""][learned] - center) / spread
        solved = ridge(rows, np.eye(labels.max() + 1)[labels[learned]])
        for name, values in looks.items():
            scores = (values[away] - center) / spread @ solved.weights + solved.offset
            out[name][away] = scores.argmax(1)
    return out


def _stack(vectors: Mapping[str, NDArray[np.float32]], keys: list[str]) -> Floats:
    return np.stack([vectors[k] for k in keys]).astype(np.float64)


def _small(pixels: Pixels) -> Pixels:
    """8 bits, at most 256 px a side: enough for the backbone, and cheap to damage."""
    if pixels.dtype == np.uint16:
        pixels = (pixels // 257).astype(np.uint8)
    height, width = pixels.shape[:2]
    scale = 256 / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(resize(pixels, size)).astype(np.uint8)
