"""Whether synthetic images of a class help on real images of it, and what rivals bring.

    python3 dev.py bench synthesis -- --data FOLDER --task segmentation --class Crack --seeds 3

Every draw parts the groups of the folder into training, validation and test, thins the
class to --thin training images, and runs the closed loop of `pitmark synthesize`: train,
make images, train again for as many steps, compare on the real test images, keep or drop.
Rivals get the same number of images and steps: the few images oversampled, and cut and
paste without blending, varying or choosing places. A control gets images that show
nothing of what their labels say, and should be dropped.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.shape import finish, gate, parser, tell
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import Shape, shape_box, shape_mask, shapes_hash
from pitmark.core.records import LabeledImage, Snapshot, SnapshotItem
from pitmark.core.splits import SplitItem, assign_parts
from pitmark.ops.demo_factory import build_factory
from pitmark.ops.importing import ImportOptions, import_folder
from pitmark.ops.pixels import pixel_loader
from pitmark.ops.synthesis import Candidate, judge_candidates, synthesize, usual_amount
from pitmark.ops.synthesis_images import MadeImage, store_images
from pitmark.ops.synthesis_parts import Parts, collect_parts, labeled_as, taken_by
from pitmark.ops.synthesis_trial import (
    Setting,
    SynthesisOptions,
    learn_with,
    outcome_on,
    setting_for,
)
from pitmark.ops.training import TrainOptions
from pitmark.store.db import ProjectStore, open_store

SHARES = {"train": 0.4, "val": 0.1, "test": 0.5}
RIVALS = ("oversampled", "plain paste")
OURS, CONTROL = "pitmark", "useless control"
_GAIN, _LOSS = 0.10, -0.02
CASINGS = "casings"


@dataclass(frozen=True)
class Figures:
    """What one way of making images brought in one draw."""

    way: str
    before: float
    after: float
    worst_other: float | None
    pooled_others: float | None
    false_alarms: float | None
    kept: bool | None
    seconds: float


def main() -> None:
    """Run the benchmark."""
    arguments = _arguments()
    results: list[dict[str, Any]] = []
    gates: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as spare:
        home = arguments.home or Path(spare)
        folders = [*arguments.data]
        if arguments.casings:
            folders.append(_casings(home, arguments))
        for folder in folders:
            for label in arguments.label:
                draws = _draws(folder, label, home, arguments)
                results += _results(folder.name, label, draws, arguments)
                gates += _gates(folder.name, label, draws)
    finish("synthesis", results, gates, arguments)


def _arguments() -> argparse.Namespace:
    out = parser(__doc__ or "")
    out.add_argument("--task", default="segmentation")
    out.add_argument("--class", dest="label", action="append", default=[], metavar="NAME")
    out.add_argument("--casings", type=int, default=0, metavar="N",
                     help="also about N generated casings (boxes; class pit mark)")  # fmt: skip
    out.add_argument("--metadata", help="table below the folder of a set")
    out.add_argument("--pattern", help="metadata from file names")
    out.add_argument("--group-by", action="append", default=[], metavar="COLUMN")
    out.add_argument("--thin", type=int, default=5, help="training images left of the class")
    out.add_argument("--others", type=int, default=12, help="... at most of every other class")
    out.add_argument("--good", type=int, default=20, help="... and of good images")
    out.add_argument("--test-good", type=int, default=60, help="good test images at most")
    out.add_argument("--amount", type=int, help="synthetic images; the product's choice if not")
    out.add_argument("--kind", help="painted defect, as for `pitmark synthesize`")
    out.add_argument("--rivals", default=",".join((*RIVALS, CONTROL)))
    out.add_argument("--preset", default="fast")
    out.add_argument("--side", type=int)
    out.add_argument("--steps", type=int)
    out.add_argument("--threads", type=int, default=1)
    out.add_argument("--first-seed", type=int, default=0)
    out.add_argument("--home", type=Path, help="workspace that is kept between runs")
    given = out.parse_args()
    if not (given.data or given.casings) or not given.label:
        sys.exit("give --data FOLDER (or --casings N) and --class NAME")
    return given


def _casings(home: Path, arguments: argparse.Namespace) -> Path:
    folder = home / CASINGS
    if not folder.is_dir():
        built = build_factory(
            folder, seed=1, images=arguments.casings, size_wh=(320, 240), report=lambda _: None
        )
        tell(f"{len(built.labeled)} casings rendered")
    return folder / "photos"


def _draws(
    folder: Path, label: str, home: Path, arguments: argparse.Namespace
) -> list[list[Figures]]:
    name = f"{folder.parent.name}-{folder.name}-{arguments.task}"
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    with open_store(home / name, create=True) as store:
        project = _project(store, folder, arguments)
        return [_one_draw(project, label, seed, arguments) for seed in seeds]


def _project(store: Any, folder: Path, arguments: argparse.Namespace) -> ProjectStore:
    if any(p.name == "set" for p in store.projects()):
        return store.project("set")
    project: ProjectStore = store.create_project("set", arguments.task, LabelBook())
    table = folder / arguments.metadata if arguments.metadata else None
    options = ImportOptions(
        pattern=arguments.pattern,
        metadata_csv=table,
        group_by=tuple(arguments.group_by),
    )
    summary = import_folder(project, folder, options=options)
    tell(f"{folder.name}: {summary.found} images, classes {', '.join(summary.classes)}")
    return project


def _one_draw(
    project: ProjectStore, label: str, seed: int, arguments: argparse.Namespace
) -> list[Figures]:
    snapshot = _snapshot(project, label, seed, arguments)
    options = SynthesisOptions(
        label=label,
        amounts=(arguments.amount,) if arguments.amount else (),
        kind=arguments.kind,
        seed=seed,
        train=TrainOptions(
            snapshot=snapshot,
            preset=arguments.preset,
            seed=seed,
            side_px=arguments.side,
            image_steps=arguments.steps,
            threads=arguments.threads,
        ),
    )
    cache = _Cache(
        arguments.home and arguments.home / "figures.json",
        [
            project.task,
            label,
            seed,
            snapshot,
            arguments.side,
            arguments.steps,
            arguments.amount,
        ],
    )
    figures = []
    for way in (OURS, *(r for r in arguments.rivals.split(",") if r)):
        found = cache.get(way)
        if found is None:
            found = _measured(project, way, options)
            cache.put(found)
        tell(f"  draw {seed} {label}, {way}: {_line(found)}")
        figures.append(found)
    return figures


class _Cache:
    """Figures of draws on disk, so that a bench that was cut off goes on."""

    def __init__(self, file: Path | None, key: Sequence[object]) -> None:
        self._file, self._key = file, json.dumps(key)

    def get(self, way: str) -> Figures | None:
        """The figures of a way, if they were measured before."""
        found = self._all().get(f"{self._key} {way}")
        return None if found is None else Figures(**found)

    def put(self, found: Figures) -> None:
        """Keep the figures of a way."""
        if self._file is not None:
            everything = self._all() | {f"{self._key} {found.way}": asdict(found)}
            self._file.write_text(json.dumps(everything, indent=1))

    def _all(self) -> dict[str, Any]:
        known = self._file is not None and self._file.is_file()
        return dict(json.loads(self._file.read_text())) if known and self._file else {}


def _measured(project: ProjectStore, way: str, options: SynthesisOptions) -> Figures:
    """What one way of making images brings, in the draw that the options name."""
    started, seed = time.monotonic(), options.seed
    if way == OURS:
        result = synthesize(project, options=options)
        for line in result.sentences():
            tell(f"  {line}")
        return _from_record(way, result.record, time.monotonic() - started)
    setting = setting_for(project, options)
    load, book = pixel_loader(project), project.book.current()
    parts = collect_parts(
        setting.images, load, setting.label, book=book, where={}, kind=options.kind
    )
    real = sum(
        any(s.label == setting.label for s in i.shapes or ()) for i in setting.of("train")
    )
    count = options.amounts[0] if options.amounts else usual_amount(real)
    if way == CONTROL:
        made = tuple(_useless(setting, parts, count, load, seed))
        about = {"real_images": real}
        candidates = [Candidate(way, made)]
        judged = judge_candidates(project, setting, candidates, about=about, started=started)
        return _from_record(way, judged.record, time.monotonic() - started)
    extra = _rival(project, way, setting, parts, count, seed)
    with tempfile.TemporaryDirectory() as work:
        learned = learn_with(project, setting, extra, work=Path(work))
    outcome = outcome_on(project, setting, learned, "test")
    assert outcome is not None
    return _from_record(way, {**outcome.to_json(), "kept": None}, time.monotonic() - started)


def _line(found: Figures) -> str:
    def points(value: float | None) -> str:
        return "-" if value is None else f"{100 * value:+.1f}"

    kept = {True: ", kept", False: ", dropped", None: ""}[found.kept]
    return (
        f"recall {100 * found.before:.0f} -> {100 * found.after:.0f} %, worst other"
        f" {points(found.worst_other)}, others {points(found.pooled_others)}, false alarms"
        f" {points(found.false_alarms)}{kept}, {found.seconds:.0f} s"
    )


def _snapshot(
    project: ProjectStore, label: str, seed: int, arguments: argparse.Namespace
) -> str:
    """A snapshot of a draw: groups whole, the class thinned, the other classes limited."""
    labels = project.annotations.consensus()
    records = [r for r in project.images.iterate() if r.sha256 in labels and not r.synthetic]
    images = [LabeledImage(r, tuple(labels[r.sha256].shapes), "train") for r in records]
    names = {i.image.sha256: tuple(sorted({s.label for s in i.shapes or ()})) for i in images}
    items = [
        SplitItem(i.image.sha256, i.image.group_key, names[i.image.sha256]) for i in images
    ]
    parts = assign_parts(items, SHARES, seed=seed)
    order = np.random.default_rng(seed).permutation(len(images))
    turns: Counter[str] = Counter()
    ranked = []
    for k in order:
        group = images[k].image.group_key
        ranked.append((turns[group], int(k)))
        turns[group] += 1
    limits = {label: arguments.thin}
    used: Counter[tuple[str, str]] = Counter()
    chosen = []
    for _, k in sorted(ranked, key=lambda r: r[0]):
        sha = images[k].image.sha256
        split = parts[sha]
        most = arguments.good if split == "train" else arguments.test_good
        shown = names[sha] or ("",)
        if split == "train":
            full = any(
                used[split, n] >= limits.get(n, arguments.others if n else most) for n in shown
            )
        else:
            full = not names[sha] and used[split, ""] >= most
        if full:
            continue
        used.update((split, n) for n in shown)
        chosen.append((images[k], split))
    snapshot = Snapshot.of(
        (
            SnapshotItem(i.image.sha256, shapes_hash(i.shapes or ()), split)  # type: ignore[arg-type]
            for i, split in chosen
        ),
        project.book.current().names,
    )
    ids = {i.image.sha256: labels[i.image.sha256].id for i, _ in chosen}
    revision = project.book.current().revision
    info = project.snapshots.save(snapshot, ids, note=f"draw {seed}", book_revision=revision)
    counts = {f"{s} {n or 'good'}": c for (s, n), c in sorted(used.items())}
    tell(f"draw {seed}: {counts}")
    return info.id


def _rival(
    project: ProjectStore, name: str, setting: Setting, parts: Parts, count: int, seed: int
) -> list[LabeledImage]:
    if name == "oversampled":
        shown = [
            i
            for i in setting.of("train")
            if any(s.label == setting.label for s in i.shapes or ())
        ]
        return [shown[n % len(shown)] for n in range(count)]
    made = _plain_paste(setting, parts, count, pixel_loader(project), seed)
    run = f"{name.replace(' ', '-')}-{seed}"
    stored = store_images(project, made, label=setting.label, run=run, use="dropped")
    return [s.item for s in stored]


def _plain_paste(
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


def _useless(
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
    )


def _results(
    data: str, label: str, draws: list[list[Figures]], arguments: argparse.Namespace
) -> list[dict[str, Any]]:
    out = []
    for way in [f.way for f in draws[0]]:
        mine = [next(f for f in d if f.way == way) for d in draws]
        gains = [f.after - f.before for f in mine]
        out.append(
            {
                "data": data,
                "task": arguments.task,
                "class": label,
                "way": way,
                "metric": "recall",
                "before": round(statistics.median(f.before for f in mine), 4),
                "after": round(statistics.median(f.after for f in mine), 4),
                "median": round(statistics.median(gains), 4),
                "low": round(min(gains), 4),
                "high": round(max(gains), 4),
                "worst_other": _median([f.worst_other for f in mine]),
                "pooled_others": _median([f.pooled_others for f in mine]),
                "false_alarms": _median([f.false_alarms for f in mine]),
                "kept": [f.kept for f in mine],
                "draws": len(draws),
                "seconds": round(statistics.median(f.seconds for f in mine), 1),
            }
        )
    return out


def _median(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return round(statistics.median(known), 4) if known else None


def _gates(data: str, label: str, draws: list[list[Figures]]) -> list[dict[str, Any]]:
    mine = [next(f for f in d if f.way == OURS) for d in draws]
    gains = [f.after - f.before for f in mine]
    what = f"{data}, {label}"
    out = [
        gate(f"{what}: recall up by 10 points, median", round(statistics.median(gains), 4),
             _GAIN, at_least=True),
        gate(f"{what}: no other class down by more than 2 points, median of the worst",
             _median([f.worst_other for f in mine]), _LOSS, at_least=True),
        gate(f"{what}: kept where recall of the class fell or another fell clearly",
             sum(f.kept is True and f.after <= f.before for f in mine), 0, at_least=False),
    ]  # fmt: skip
    for rival in RIVALS:
        others = [f for d in draws for f in d if f.way == rival]
        if others:
            ahead = statistics.median(
                m.after - o.after for m, o in zip(mine, others, strict=True)
            )
            out.append(gate(f"{what}: ahead of {rival}", round(ahead, 4), 0.0, at_least=True))
    control = [f for d in draws for f in d if f.way == CONTROL]
    if control:
        dropped = sum(f.kept is False for f in control) / len(control)
        out.append(
            gate(f"{what}: share of useless controls dropped", dropped, 1.0, at_least=True)
        )
    return out


if __name__ == "__main__":
    main()
