"""The rule at which labelers change from one class to another: is the limit found?

    python3 dev.py bench rule -- --seeds 40 --data FOLDER

Simulated labelers with different length limits mark drawn scratches on 60 generated images, or
the objects of real images (`--data`: any importable folder with boxes, outlines or masks;
its own classes are put aside and a limit on the length of the box is planted). A labeler
draws boxes that are a little off, sees a length that is a little off, and slips now and then.
Draws without a rule tell how often one is proposed where there is none.
Reference on the same answers and features: the best single split (a decision tree of depth
one), which always proposes something.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

import pitmark
from bench.shape import finish, gate, parser, tell
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import Box, BoxShape, shape_box
from pitmark.core.records import ImageRecord
from pitmark.formats.images import decode_image, encode_png
from pitmark.formats.registry import read_folder
from pitmark.ops.labels.rules import Gathered, answers_about
from pitmark.store.annotations import NewAnnotation
from pitmark.store.db import ProjectStore

SHORT, LONG = "pit mark", "scratch"
MM_PER_PX = 0.05
_MIDDLE_PX = 40.0
_SIDE = 160
_SPREAD = 0.2
_DRAWN_OFF = 0.04
_SEEN_OFF = 0.08
_SLIP = 0.05


@dataclass(frozen=True)
class Source:
    """Images to draw from: pixels and the boxes of their objects."""

    name: str
    images: tuple[tuple[bytes, tuple[Box, ...]], ...]
    mm: bool


@dataclass(frozen=True)
class Plan:
    """How people label in one draw: everybody everything, or each a share of the images."""

    labelers: int
    share: bool
    rule: bool

    @property
    def case(self) -> str:
        """In words, for the results."""
        who = f"{self.labelers} labelers" if self.labelers > 1 else "1 labeler"
        return f"{who}, {'a share each' if self.share else 'all of them'}"


def main() -> None:
    out = parser(__doc__ or "")
    out.add_argument("--images", type=int, default=60, help="images per draw")
    options = out.parse_args()
    results: list[dict[str, Any]] = []
    gates: list[dict[str, Any]] = []
    for number, source in enumerate([None, *map(_read, options.data)]):
        plans = [Plan(3, share=False, rule=True), Plan(3, share=True, rule=True)]
        plans += [Plan(1, share=False, rule=True)] if number == 0 else []
        name = "generated" if source is None else source.name
        for plan in plans:
            found = _limits(source, plan, options.images, options.seeds)
            results += [{"data": name, "case": plan.case, **r} for r in found]
            error = found[0]["median"]
            label = f"{name}, {plan.case}: limit_error at {options.images} images <= .10"
            gates.append(gate(label, error, 0.10, at_least=False))
        for plan in (Plan(3, share=False, rule=False), Plan(3, share=True, rule=False)):
            found = _false_proposals(source, plan, options.images, 3 * options.seeds)
            results += [{"data": name, "case": plan.case, **r} for r in found]
            label = f"{name}, {plan.case}: false proposals <= .05"
            gates.append(gate(label, found[0]["value"], 0.05, at_least=False))
    finish("rule", results, gates, options)


def _read(folder: Path) -> Source:
    found = []
    for item in read_folder(folder, task="detection").images:
        boxes = [box for s in item.shapes or () if (box := shape_box(s)) is not None]
        kept = tuple(b for b in boxes if min(b[2] - b[0], b[3] - b[1]) >= 3)
        if kept:
            found.append((item.path.read_bytes(), kept))
    if len(found) < 20:
        sys.exit(f"{folder.name} has {len(found)} images with objects; 20 are needed")
    tell(f"{folder.name}: {len(found)} images, {sum(len(b) for _, b in found)} objects")
    return Source(folder.name, tuple(found), mm=False)


def _generated(rng: np.random.Generator, count: int) -> Source:
    """One to three drawn scratches on brushed metal, of lengths that vary by half."""
    images = []
    middle = _MIDDLE_PX * np.exp(rng.uniform(-0.3, 0.3))
    for _ in range(count):
        pixels = rng.normal(rng.uniform(90, 150), 5, (_SIDE, _SIDE))
        pixels += rng.normal(0, 4, (_SIDE, 1))
        boxes: list[Box] = []
        for _ in range(int(rng.integers(1, 4))):
            long = float(np.clip(middle * np.exp(rng.normal(0, 0.45)), 6, 120))
            wide = float(np.clip(long * np.exp(rng.normal(-1.1, 0.4)), 3, long))
            size = (long, wide) if rng.random() < 0.5 else (wide, long)
            x, y = (float(rng.uniform(1, _SIDE - 1 - s)) for s in size)
            box = (x, y, x + size[0], y + size[1])
            if all(_apart(box, other) for other in boxes):
                boxes.append(box)
                rows, columns = slice(int(y), int(box[3]) + 1), slice(int(x), int(box[2]) + 1)
                pixels[rows, columns] += rng.normal(0, 25)
        data = encode_png(np.clip(pixels, 0, 255).astype(np.uint8))
        images.append((data, tuple(boxes)))
    return Source("generated", tuple(images), mm=True)


def _apart(one: Box, two: Box) -> bool:
    across = one[2] + 3 < two[0] or two[2] + 3 < one[0]
    return across or one[3] + 3 < two[1] or two[3] + 3 < one[1]


def _length(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])


def _limits(source: Source | None, plan: Plan, count: int, draws: int) -> list[dict[str, Any]]:
    errors, covered, named, split_errors, split_named = [], [], [], [], []
    started = time.process_time()
    for seed in range(draws):
        rng = np.random.default_rng([seed, plan.labelers, plan.share])
        drawn = _drawn(source, rng, count)
        lengths = np.array([_length(b) for _, boxes in drawn.images for b in boxes])
        truth = float(np.quantile(lengths, rng.uniform(0.35, 0.65)))
        scale = MM_PER_PX if drawn.mm else 1.0
        with tempfile.TemporaryDirectory() as home, pitmark.open(home) as workspace:
            project = workspace.create_project(
                "draw", task="detection", label_book=_book(drawn)
            )
            _label(project.store, drawn, plan, rng, truth)
            (proposal,) = project.labels.propose_rules(SHORT, LONG, seed=seed)
            given = answers_about(project.store, (SHORT, LONG), seed=seed)
        feature = proposal.search.feature
        right = feature is not None and feature.name == "length"
        named.append(right)
        # A draw in which length was not named has no limit on it: counted as quite wrong.
        limit = proposal.search.proposed if right else None
        errors.append(1.0 if limit is None else abs(limit / (truth * scale) - 1))
        if limit is not None and proposal.search.limit is not None:
            found = proposal.search.limit
            covered.append(found.low <= truth * scale <= found.high)
        name, split = _best_split(given)
        split_named.append(name == "length")
        split_errors.append(abs(split / (truth * scale) - 1) if name == "length" else 1.0)
        tell(f"{plan.case} {seed}: {proposal.sentence()}")
    low, high = (float(v) for v in np.quantile(errors, [0.1, 0.9]))
    seconds = round((time.process_time() - started) / draws, 2)
    shared = {"task": "detection", "images": count, "draws": draws, "seconds": seconds}
    return [
        {**shared, "metric": "limit_error", "median": float(np.median(errors)), "low": low,
         "high": high, "reference": "best single split",
         "reference_median": float(np.median(split_errors))},
        {**shared, "metric": "right_feature", "value": float(np.mean(named)),
         "reference": "best single split", "reference_value": float(np.mean(split_named))},
        {**shared, "metric": "interval_coverage",
         "value": float(np.mean(covered)) if covered else None},
    ]  # fmt: skip


def _false_proposals(
    source: Source | None, plan: Plan, count: int, draws: int
) -> list[dict[str, Any]]:
    proposed = []
    started = time.process_time()
    for seed in range(draws):
        rng = np.random.default_rng([seed, plan.share, 77])
        drawn = _drawn(source, rng, count)
        with tempfile.TemporaryDirectory() as home, pitmark.open(home) as workspace:
            project = workspace.create_project(
                "draw", task="detection", label_book=_book(drawn)
            )
            _label(project.store, drawn, plan, rng, None)
            (proposal,) = project.labels.propose_rules(SHORT, LONG, seed=seed)
        proposed.append(proposal.search.verdict in ("limit", "condition"))
        if proposed[-1]:
            tell(f"without a rule {seed}: {proposal.sentence()}")
    seconds = round((time.process_time() - started) / draws, 2)
    return [
        {"task": "detection", "images": count, "draws": draws, "seconds": seconds,
         "metric": "false_proposals", "value": float(np.mean(proposed)),
         "reference": "best single split", "reference_value": 1.0}
    ]  # fmt: skip


def _drawn(source: Source | None, rng: np.random.Generator, count: int) -> Source:
    if source is None:
        return _generated(rng, count)
    rows = rng.choice(len(source.images), min(count, len(source.images)), replace=False)
    return Source(source.name, tuple(source.images[r] for r in rows), source.mm)


def _book(drawn: Source) -> LabelBook:
    scale = MM_PER_PX if drawn.mm else None
    return LabelBook(mm_per_px=scale).with_classes([SHORT, LONG])


def _label(
    store: ProjectStore,
    drawn: Source,
    plan: Plan,
    rng: np.random.Generator,
    truth: float | None,
) -> None:
    """What each labeler says; their limits lie evenly around the true one, on a ratio scale."""
    away = np.linspace(-_SPREAD, _SPREAD, plan.labelers) if plan.labelers > 1 else [0.0]
    own = 0.5 if truth is None else None
    records, said = [], []
    for number, (data, boxes) in enumerate(drawn.images):
        decoded = decode_image(data, name=str(number))
        sha = store.blobs.put(data)
        assert sha == hashlib.sha256(data).hexdigest()
        size = (decoded.width, decoded.height)
        records.append((ImageRecord(sha, *size, decoded.mode, f"{number:04d}"), "bench"))
        for who in range(plan.labelers):
            if plan.share and number % plan.labelers != who:
                continue
            shapes = []
            for box in boxes:
                shown = _redrawn(box, size, rng)
                seen = _length(box) * float(np.exp(rng.normal(0, _SEEN_OFF)))
                if truth is None:
                    long = rng.random() < (own or 0.5)
                else:
                    long = seen > truth * float(np.exp(away[who]))
                    long ^= rng.random() < _SLIP
                shapes.append(BoxShape(LONG if long else SHORT, shown))
            said.append(NewAnnotation(sha, shapes, f"labeler {who + 1}", 1))
    with store.transaction():
        store.images.add_many(records)
        store.annotations.add_many(said)


def _redrawn(box: Box, size_wh: tuple[int, int], rng: np.random.Generator) -> Box:
    """The box as a person draws it: each edge off by some percent of the side."""
    sides = np.array([box[2] - box[0], box[3] - box[1]] * 2)
    moved = np.array(box) + rng.normal(0, _DRAWN_OFF, 4) * sides / np.sqrt(2)
    limit = np.array([*size_wh, *size_wh], dtype=np.float64)
    x1, y1, x2, y2 = (float(v) for v in np.clip(moved, 0, limit))
    return x1, y1, max(x2, x1 + 1), max(y2, y1 + 1)


def _best_split(given: Gathered) -> tuple[str, float]:
    """The feature and the limit that a decision tree of depth one splits by."""
    numbers = [f for f in given.features if not f.choices]
    table: NDArray[np.float64] = np.column_stack([f.values for f in numbers])
    tree = DecisionTreeClassifier(max_depth=1, random_state=0).fit(table, given.answers.second)
    chosen: Sequence[int] = tree.tree_.feature
    return numbers[max(chosen[0], 0)].name, float(tree.tree_.threshold[0])


if __name__ == "__main__":
    main()
