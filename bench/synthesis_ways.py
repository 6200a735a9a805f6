"""The ways of making more of a class that the synthesis bench compares, and their figures."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.shape import tell
from pitmark.core.labels import Shape, shape_box, shape_mask
from pitmark.core.records import LabeledImage
from pitmark.ops.images.pixels import pixel_loader
from pitmark.ops.synthesis.candidates import (
    Candidate,
    repeated_images,
    shown_images,
    usual_amount,
)
from pitmark.ops.synthesis.closed_loop import judge_candidates, synthesize
from pitmark.ops.synthesis.images import MadeImage, store_images
from pitmark.ops.synthesis.parts import Parts, collect_parts, labeled_as, taken_by
from pitmark.ops.synthesis.trial import (
    Setting,
    SynthesisOptions,
    learn_with,
    outcome_on,
    setting_for,
)
from pitmark.store.db import ProjectStore

OVERSAMPLED, PLAIN_PASTE, AGAIN = "oversampled", "plain paste", "trained again"
RIVALS = (OVERSAMPLED, PLAIN_PASTE, AGAIN)
# Far from the seeds of draws.
_SEEDS_APART = 1000
OURS, CONTROL = "pitmark", "useless control"


@dataclass(frozen=True)
class Figures:
    """What one way of making images brought in one draw.

    `seconds` are those of the run that measured it, which may be another way's as well.
    """

    way: str
    before: float
    after: float
    worst_other: float | None
    pooled_others: float | None
    false_alarms: float | None
    kept: bool | None
    seconds: float
    # Where nothing of the other classes was found before, none of them can lose.
    others_before: float | None = None

    @property
    def gain(self) -> float:
        """Difference of recall; ways are compared by it, for each has limits of its own."""
        return self.after - self.before


def measured(project: ProjectStore, way: str, options: SynthesisOptions) -> list[Figures]:
    """What one way of making images brings, in the draw that the options name.

    Args:
        project: Holds the draw.
        way: The product's own, the control, or a rival.
        options: Class, amounts and training.

    Returns:
        The figures of the way, and those of oversampling where its test measured them.
    """
    started = time.monotonic()
    if way == OURS:
        record = synthesize(project, options=options).record
    elif way == CONTROL:
        record = _control(project, options, started)
    else:
        outcome = _rival_outcome(project, way, options)
        return [_from_record(way, {**outcome, "kept": None}, time.monotonic() - started)]
    for line in record["sentences"]:
        tell(f"  {line}")
    out = [_from_record(way, record, time.monotonic() - started)]
    if record["oversampled"] is not None:
        copies = {**record["oversampled"], "kept": None}
        out.append(_from_record(OVERSAMPLED, copies, time.monotonic() - started))
    return out


def _control(
    project: ProjectStore, options: SynthesisOptions, started: float
) -> Mapping[str, Any]:
    setting, parts, count = _ready(project, options)
    made = tuple(useless(setting, parts, count, pixel_loader(project), options.seed))
    about = {"real_images": len(shown_images(setting))}
    candidates = [Candidate(CONTROL, made)]
    return judge_candidates(project, setting, candidates, about=about, started=started).record


def _rival_outcome(
    project: ProjectStore, way: str, options: SynthesisOptions
) -> Mapping[str, Any]:
    setting, parts, count = _ready(project, options)
    extra: list[LabeledImage] = []
    if way == AGAIN:
        other = replace(setting.effort, seed=setting.effort.seed + _SEEDS_APART)
        setting = replace(setting, effort=other)
    elif way == OVERSAMPLED:
        extra = repeated_images(setting, count)
    else:
        made = plain_paste(setting, parts, count, pixel_loader(project), options.seed)
        run = f"{way.replace(' ', '-')}-{options.seed}"
        stored = store_images(project, made, label=setting.label, run=run, use="dropped")
        extra = [s.item for s in stored]
    with tempfile.TemporaryDirectory() as work:
        learned = learn_with(project, setting, extra, work=Path(work))
    outcome = outcome_on(project, setting, learned, "test")
    assert outcome is not None
    return outcome.to_json()


def _ready(project: ProjectStore, options: SynthesisOptions) -> tuple[Setting, Parts, int]:
    setting = setting_for(project, options)
    parts = collect_parts(
        setting.images,
        pixel_loader(project),
        setting.label,
        book=project.book.current(),
        where={},
        kind=options.kind,
    )
    real = len(shown_images(setting))
    return setting, parts, options.amounts[0] if options.amounts else usual_amount(real)


def line_of(found: Figures) -> str:
    """Figures for a person.

    Args:
        found: Of one way.

    Returns:
        One line.
    """

    def points(value: float | None) -> str:
        return "-" if value is None else f"{100 * value:+.1f}"

    before = found.others_before
    known = "" if before is None else f" (from {100 * before:.0f} %)"
    kept = {True: ", kept", False: ", dropped", None: ""}[found.kept]
    return (
        f"recall {100 * found.before:.0f} -> {100 * found.after:.0f} %, worst other"
        f" {points(found.worst_other)}, others {points(found.pooled_others)}{known}, false"
        f" alarms {points(found.false_alarms)}{kept}, {found.seconds:.0f} s"
    )


def plain_paste(
    setting: Setting, parts: Parts, count: int, load: Any, seed: int
) -> list[MadeImage]:
    """The pixels of a defect's mask or box, put anywhere on another image as they are."""
    rng = np.random.default_rng([seed, 7])
    shown = [
        (i, s)
        for i in setting.of("train")
        for s in i.shapes or ()
        if s.label == setting.label and shape_box(s) is not None
    ]
    out = []
    while len(out) < count:
        item, shape = shown[int(rng.integers(len(shown)))]
        base = parts.bases[int(rng.integers(len(parts.bases)))]
        mask = shape_mask(shape, item.image.size_wh)
        made = _moved(load(item.image.sha256), mask, base, load, rng)
        if made is not None:
            pixels, moved = made
            new = labeled_as(parts, moved, margin=0.0)
            out.append(_made(base, pixels, new, item.image.sha256))
    return out


def _moved(
    pixels: Any, mask: Any, base: LabeledImage, load: Any, rng: np.random.Generator
) -> tuple[Any, Any] | None:
    under = load(base.image.sha256).copy()
    rows, columns = np.nonzero(mask)
    if not len(rows) or under.ndim != pixels.ndim:
        return None
    high, wide = int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
    if high > under.shape[0] or wide > under.shape[1]:
        return None
    top = int(rng.integers(under.shape[0] - high + 1))
    left = int(rng.integers(under.shape[1] - wide + 1))
    to = (rows - rows.min() + top, columns - columns.min() + left)
    moved = np.zeros(under.shape[:2], dtype=bool)
    moved[to] = True
    if (moved & taken_by(base.shapes or (), base.image.size_wh)).any():
        return None
    under[to] = pixels[rows, columns]
    return under, moved


def useless(
    setting: Setting, parts: Parts, count: int, load: Any, seed: int
) -> list[MadeImage]:
    """Good images with marks where there is nothing."""
    rng = np.random.default_rng([seed, 8])
    out = []
    while len(out) < count:
        base = parts.bases[int(rng.integers(len(parts.bases)))]
        donor = parts.donors[int(rng.integers(len(parts.donors)))].cutout
        pixels = load(base.image.sha256).copy()
        rows, columns = donor.mask_hw.shape
        if rows > pixels.shape[0] or columns > pixels.shape[1]:
            continue
        top = int(rng.integers(pixels.shape[0] - rows + 1))
        left = int(rng.integers(pixels.shape[1] - columns + 1))
        mask = np.zeros(pixels.shape[:2], dtype=bool)
        mask[top : top + rows, left : left + columns] = donor.mask_hw
        # One level of one pixel, so that the image is a new one.
        pixels[top, left] = np.where(pixels[top, left] > 0, pixels[top, left] - 1, 1)
        new = labeled_as(parts, mask, margin=donor.margin_share)
        out.append(_made(base, pixels, new, base.image.sha256))
    return out


def _made(base: LabeledImage, pixels: Any, new: Shape, source: str) -> MadeImage:
    sources = tuple(dict.fromkeys((base.image.sha256, source)))
    kept: Sequence[Shape] = base.shapes or ()
    return MadeImage(pixels, (*kept, new), base.image, sources, "pasted")


def _from_record(way: str, record: Any, seconds: float) -> Figures:
    def value(key: str) -> float | None:
        found = record[key]
        return None if found is None else found["difference"]["value"]

    return Figures(
        way,
        record["before"],
        record["after"],
        value("worst_other"),
        value("pooled_others"),
        value("false_alarms"),
        record["kept"],
        seconds,
        None if record["pooled_others"] is None else record["pooled_others"]["first"],
    )
