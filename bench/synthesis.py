"""Whether synthetic images of a class help on real images of it, and what rivals bring.

    python3 dev.py bench synthesis -- --data FOLDER --task segmentation --class Crack --seeds 3

Every draw parts the groups of the folder into training, validation and test, thins the
class to --thin training images, and runs the closed loop of `pitmark synthesize`: train,
make images, train again, compare on the real test images, keep or drop.
What passes is compared with the real images shown as often, which costs a third training.
Rivals get the same number of images and steps: the few images oversampled, and cut and
paste without blending, varying or choosing places. Another is the first model trained
again with another seed: what it changes is chance. A control gets images that show
nothing of what their labels say, and should be dropped.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.shape import finish, parser, tell
from bench.synthesis_draws import take_draw
from bench.synthesis_gates import gates_of, results_of
from bench.synthesis_ways import CONTROL, OURS, RIVALS, Figures, line_of, measured
from pitmark.core.label_book import LabelBook
from pitmark.ops.demo.factory import build_factory
from pitmark.ops.images.importing import ImportOptions, import_folder
from pitmark.ops.models.train_options import TrainOptions
from pitmark.ops.synthesis.trial import SynthesisOptions
from pitmark.store.db import ProjectStore, open_store

CASINGS = "casings"


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
                results += results_of(folder.name, label, draws, arguments)
                gates += gates_of(folder.name, label, draws)
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
    snapshot = take_draw(project, label, seed, arguments)
    options = _options(snapshot, label, seed, arguments)
    key = [project.task, label, seed, snapshot]
    key += [arguments.side, arguments.steps, arguments.amount]
    cache = _Cache(arguments.home and arguments.home / "figures.json", key)
    figures = []
    for way in (OURS, *(r for r in arguments.rivals.split(",") if r)):
        found = cache.get(way)
        if found is None:
            for figure in measured(project, way, options):
                cache.put(figure)
            found = cache.get(way)
            assert found is not None
        tell(f"  draw {seed} {label}, {way}: {line_of(found)}")
        figures.append(found)
    return figures


def _options(
    snapshot: str, label: str, seed: int, arguments: argparse.Namespace
) -> SynthesisOptions:
    return SynthesisOptions(
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


class _Cache:
    """Figures of draws, on disk so that a bench that was cut off goes on."""

    def __init__(self, file: Path | None, key: Sequence[object]) -> None:
        self._file, self._key = file, json.dumps(key)
        known = file is not None and file.is_file()
        self._all: dict[str, Any] = json.loads(file.read_text()) if known and file else {}

    def get(self, way: str) -> Figures | None:
        """The figures of a way, if they were measured before."""
        found = self._all.get(f"{self._key} {way}")
        return None if found is None else Figures(**found)

    def put(self, found: Figures) -> None:
        """Keep the figures of a way."""
        self._all[f"{self._key} {found.way}"] = asdict(found)
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_text(json.dumps(self._all, indent=1))


if __name__ == "__main__":
    main()
