"""Whether the first 5 to 50 images promise a model, and what to change in the imaging."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.labels import Shape, image_class, shape_box
from pitmark.core.progress import Progress, Reporter, silent
from pitmark.core.records import ImageRecord
from pitmark.ops.data.first_models import MOST_DEFECTS, by_size, first_models
from pitmark.ops.images.pixels import pixel_loader
from pitmark.quality.copies.duplicates import DuplicatePair, contradictions, find_duplicates
from pitmark.quality.copies.fingerprints import Fingerprint, fingerprint
from pitmark.quality.feasibility.first_look import FirstLook, Remark, look_json
from pitmark.quality.feasibility.imaging import (
    ImageFigures,
    contrast_to_noise,
    gray_levels,
    image_figures,
    likeness_of_views,
    small_view,
)
from pitmark.quality.feasibility.verdict import Verdict, remarks_on, verdict_of
from pitmark.quality.needs.learning_curves import Forecast, forecast
from pitmark.quality.rules.features import mm_per_px
from pitmark.store.db import ProjectStore

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Feasibility:
    """The verdict, every remark behind it, and the forecast where there is one."""

    verdict: Verdict
    remarks: Sequence[Remark]
    look: FirstLook
    total: int
    rounds: Sequence[tuple[int, float]] = ()
    expected: Forecast | None = None

    def sentences(self) -> list[str]:
        """The result for a person."""
        seen = len(self.look.figures)
        part = f"{seen} images" if seen == self.total else f"{seen} of {self.total} images"
        out = [f"Verdict: {self.verdict} (from {part})."]
        names = {"stop": "Stop", "change": "Change", "note": "Note", "fine": "Fine"}
        out += [f"{names[r.level]} ({r.topic}): {r.sentence()}" for r in self.remarks]
        if self.expected is not None:
            told = [
                f"{100 * m:.0f} % with {n:.0f} images (between {100 * a:.0f} and {100 * b:.0f})"
                for n, m, a, b in zip(
                    self.expected.sizes, self.expected.median, self.expected.low,
                    self.expected.high, strict=True,
                )
            ]  # fmt: skip
            out.append(f"Forecast of the mean class recall: {'; '.join(told)}.")
        elif self.rounds:
            size, score = self.rounds[-1]
            out.append(
                f"A quick model of {size} images names {100 * score:.0f} % right (mean class"
                " recall on images held out); training does better as a rule."
            )
        return out

    def to_json(self) -> dict[str, Any]:
        """The result as plain JSON types."""
        expected = self.expected
        return {
            "verdict": self.verdict,
            "remarks": [
                {"level": r.level, "topic": r.topic, "text": r.text, "advice": r.advice}
                for r in self.remarks
            ],
            "figures": look_json(self.look),
            "rounds": [{"images": n, "mean_recall": v} for n, v in self.rounds],
            "forecast": None
            if expected is None
            else [
                {"images": float(n), "median": float(m), "low": float(a), "high": float(b)}
                for n, m, a, b in zip(
                    expected.sizes, expected.median, expected.low, expected.high, strict=True
                )
            ],
        }


def assess(
    project: ProjectStore,
    *,
    most: int = 50,
    report: Reporter = silent,
) -> Feasibility:
    """Whether the first images promise a model, and what to change in the imaging.

    Args:
        project: The project; any task, labeled or not.
        most: Look at so many images, spread over all; labeled ones first.
        report: Told of the progress.

    Returns:
        Verdict, remarks and figures.

    Raises:
        NotEnoughDataError: The project has no image.
        InvalidInputError: `most` is below 1.
    """
    if most < 1:
        raise InvalidInputError(f"cannot look at {most} images", hint="Look at 1 or more.")
    every = [r for r in project.images.iterate() if not r.synthetic]
    if not every:
        raise NotEnoughDataError(
            f"project {project.info.name!r} has no image", hint="pitmark import FOLDER"
        )
    said = {s: row.shapes for s, row in project.annotations.consensus().items()}
    records = _spread(every, said, most)
    seen = _look_at(project, records, said, report)
    labeled = [r for r in records if r.sha256 in said]
    told, rounds = first_models(project, labeled, said, report)
    look = FirstLook(
        seen.figures,
        np.array([r.size_wh for r in records], dtype=np.float64),
        np.array(seen.defects_wh, dtype=np.float64).reshape(-1, 2),
        np.array(seen.contrasts, dtype=np.float64),
        alike=likeness_of_views(np.array(seen.views)) if len(records) > 1 else float("nan"),
        told=told,
        contradictions=_contradicting(project, records, said, seen.pairs),
        copies=len({p.second for p in seen.pairs}),
        counts=_counts([said[r.sha256] for r in labeled]),
        mm_per_px=mm_per_px(records[0].metadata, project.book.current().mm_per_px),
        compared=all(r.reference is not None for r in records),
    )
    remarks = remarks_on(look)
    expected = None
    if rounds:
        sizes, scores = np.array(rounds).T
        largest = sizes.max()
        grid = np.unique(np.rint(largest * np.array([1, 2, 5, 10, 20])))
        expected = forecast(sizes, scores, grid, cases=float(len(labeled)))
    return Feasibility(
        verdict_of(remarks), remarks, look, len(every), by_size(rounds), expected
    )


def _spread(
    every: Sequence[ImageRecord], said: Mapping[str, Sequence[Shape]], most: int
) -> list[ImageRecord]:
    """Labeled images first, the classes in turn; each kind evenly spread over the names."""
    kinds: dict[str | None, list[ImageRecord]] = {}
    for record in every:
        shapes = said.get(record.sha256)
        kind = None if shapes is None else (image_class(shapes) or "good")
        kinds.setdefault(kind, []).append(record)
    unlabeled = kinds.pop(None, [])
    out: list[ImageRecord] = []
    for group in (list(kinds.values()), [unlabeled]):
        room = dict.fromkeys(range(len(group)), 0)
        for _ in range(min(most - len(out), sum(map(len, group)))):
            open_ = [k for k in room if room[k] < len(group[k])]
            room[min(open_, key=lambda k: room[k])] += 1
        for k, count in room.items():
            places = np.linspace(0, len(group[k]) - 1, count).round().astype(int)
            out += [group[k][i] for i in places]
    return out


@dataclass(frozen=True, eq=False)
class _Seen:
    """What the pixels of the images say."""

    figures: list[ImageFigures]
    views: list[Floats]
    defects_wh: list[tuple[float, float]]
    contrasts: list[float]
    pairs: list[DuplicatePair]


def _look_at(
    project: ProjectStore,
    records: Sequence[ImageRecord],
    said: Mapping[str, Sequence[Shape]],
    report: Reporter,
) -> _Seen:
    load = pixel_loader(project)
    book = project.book.current()
    rng = np.random.default_rng(0)
    out = _Seen([], [], [], [], [])
    prints: list[Fingerprint] = []
    for position, record in enumerate(records, start=1):
        pixels = load(record.sha256)
        gray = gray_levels(pixels)
        out.figures.append(image_figures(gray))
        out.views.append(small_view(gray))
        prints.append(fingerprint(pixels))
        shapes = [s for s in said.get(record.sha256, ()) if book.is_defect([s])]
        boxes = [box for s in shapes if (box := shape_box(s)) is not None]
        taken = np.zeros(gray.shape, dtype=bool)
        for x1, y1, x2, y2 in boxes:
            taken[int(y1) : int(np.ceil(y2)), int(x1) : int(np.ceil(x2))] = True
        for box in boxes:
            out.defects_wh.append((box[2] - box[0], box[3] - box[1]))
            measured = len(out.contrasts) < MOST_DEFECTS
            out.contrasts.append(
                contrast_to_noise(gray, box, taken, rng) if measured else float("nan")
            )
        report(Progress("look", position, len(records)))
    out.pairs.extend(find_duplicates([r.sha256 for r in records], prints))
    return out


def _counts(said: Sequence[Sequence[Shape]]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for shapes in said:
        counts.update([s.label for s in shapes] or ["good"])
    return dict(counts.most_common())


def _contradicting(
    project: ProjectStore,
    records: Sequence[ImageRecord],
    said: Mapping[str, Sequence[Shape]],
    pairs: Sequence[DuplicatePair],
) -> list[str]:
    names = {r.sha256: r.name for r in records}
    groups = {r.sha256: r.group for r in records}
    labels = {s: _words(said[s]) for s in names if s in said}
    apart = [p for p in pairs if groups[p.first] is None or groups[p.first] != groups[p.second]]
    if project.task in ("detection", "segmentation"):
        # Another board with other defects is nearly the same picture too.
        apart = [p for p in apart if p.kind == "identical pixels"]
    out = [
        f"{names[c.first]} is {labels[c.first]}, {names[c.second]} shows the same and is"
        f" {labels[c.second]}"
        for c in contradictions(apart, labels)
    ]
    for sha, rows in project.annotations.all_latest().items():
        told = {who: _words(row.shapes) for who, row in rows.items()}
        if sha in names and len(set(told.values())) > 1:
            listed = ", ".join(f"{who}: {what}" for who, what in told.items())
            out.append(f"{names[sha]} ({listed})")
    return out


def _words(shapes: Sequence[Shape]) -> str:
    return " and ".join(sorted({s.label for s in shapes})) or "good"
