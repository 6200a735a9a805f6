"""Whether pretraining helps the finished model: the same schedule from several starts.

    python3 dev.py bench fifty -- --data FOLDER --task classification --seeds 5

Every draw is one snapshot; each start (random weights, the shipped ones, any --weights
FILE) is trained on it by `pitmark train` in a process of its own and judged on the test
images. A fifth of the budget chooses the thresholds and is no part of training; anomaly
detection learns from good images alone and takes all of it. Classification draws as the
probe does, the same number of each class over as many groups as there are; the other tasks
as `pitmark snapshot` does, whole groups, or with --spread as the probe.

With --reference RULE (as for `pitmark import`) every start is trained twice on each draw,
without references and comparing with them.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.loop import PITMARK, run_json
from bench.project_draws import spread_snapshot
from bench.sets import PictureSet, add_options, draw, read_set, write_class_folders
from bench.shape import finish, gate, parser, tell
from pitmark.core.splits import SplitItem, assign_parts

METRICS = {
    "classification": ("mean_recall",),
    "detection": ("mAP50",),
    "segmentation": ("AUROC", "IoU"),
    "anomaly": ("AUROC",),
}
_VAL_SHARE = 0.2
_GAIN = 0.05
_COMPARED = " with references"


@dataclass
class _Tally:
    """What one start gave over the draws."""

    values: dict[str, list[float]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    peak_mb: list[float] = field(default_factory=list)


def main() -> None:
    """Run the benchmark."""
    arguments = _arguments()
    results: list[dict[str, Any]] = []
    gates: list[dict[str, Any]] = []
    for data in arguments.data:
        with tempfile.TemporaryDirectory() as folder:
            source = draws_of(data, Path(folder), arguments)
            for budget in (int(b) for b in arguments.budget.split(",")):
                tallies = _trained(source, budget, arguments)
                results += _results(data.name, budget, tallies, arguments)
                gates += _gates(data.name, budget, tallies, METRICS[arguments.task][0])
    finish("fifty", results, gates, arguments)


def _arguments() -> argparse.Namespace:
    out = parser(__doc__ or "")
    add_options(out)
    out.add_argument("--task", required=True, choices=METRICS)
    out.add_argument("--budget", default="50", help="labeled images; several with commas")
    out.add_argument("--init", default="random,shipped", help="starts: random, shipped")
    out.add_argument("--weights", action="append", type=Path, default=[], metavar="FILE",
                     help="further starts")  # fmt: skip
    out.add_argument("--reference", metavar="RULE",
                     help='references of images, as in "{name}_temp"')  # fmt: skip
    out.add_argument("--spread", action="store_true",
                     help="draw over as many groups as there are, as the probe")  # fmt: skip
    out.add_argument("--preset", default="balanced")
    out.add_argument("--side", type=int)
    out.add_argument("--image-steps", type=int)
    out.add_argument("--threads", type=int)
    out.add_argument("--first-seed", type=int, default=0)
    given = out.parse_args()
    if not given.data:
        sys.exit("give at least one --data FOLDER")
    if set(given.init.split(",")) - {"random", "shipped", ""}:
        sys.exit("--init takes random and shipped; files are given as --weights FILE")
    if given.classes_from and given.task != "classification":
        sys.exit("--classes-from gives classes of whole images: use --task classification")
    if given.spread and given.task in ("classification", "anomaly"):
        sys.exit("--spread is for detection and segmentation; classification draws so anyway")
    if given.reference and given.task in ("classification", "anomaly"):
        sys.exit("--reference is measured for detection and segmentation")
    return given


def draws_of(
    data: Path, folder: Path, arguments: argparse.Namespace
) -> _Classes | _Project | _Spread:
    """Where the draws of a set come from; takes the options of `bench.sets` and a task."""
    if arguments.task == "classification":
        return _Classes(data.name, folder, read_set(data, arguments))
    tables = [data / m for m in arguments.metadata if (data / m).is_file()]
    options = ["--metadata", str(tables[0])] if tables else []
    options += ["--pattern", arguments.pattern] if arguments.pattern else []
    reference = getattr(arguments, "reference", None)
    options += ["--reference", reference] if reference else []
    named = arguments.group_by if tables or arguments.pattern else []
    options += [o for g in named for o in ("--group-by", g)]
    home = _imported(folder / "home", arguments.task, data, options)
    if getattr(arguments, "spread", False):
        everything, _, _ = run_json([*PITMARK, "snapshot", *home])
        return _Spread(data.name, home, folder / "home", everything["id"])
    return _Project(data.name, home, only_good=arguments.task == "anomaly")


def _imported(home: Path, task: str, data: Path, options: list[str]) -> list[str]:
    """A new workspace with the images in a project; gives the options that name it."""
    out = ["--home", str(home), "--json"]
    run_json([*PITMARK, "new", "fifty", "--task", task, *out])
    run_json([*PITMARK, "import", str(data), *options, *out])
    return out


@dataclass
class _Project:
    """One project from which every draw takes a snapshot."""

    name: str
    home: list[str]
    only_good: bool

    def drawn(self, budget: int, seed: int) -> list[str]:
        """Take the snapshot of a draw; gives the options that name the workspace."""
        val = 0 if self.only_good else round(budget * _VAL_SHARE)
        split = ["--train", str(budget - val), "--val", str(val), "--seed", str(seed)]
        run_json([*PITMARK, "snapshot", *split, *self.home])
        return self.home


@dataclass
class _Spread:
    """One project with a snapshot of all images, of which every draw takes some."""

    name: str
    home: list[str]
    folder: Path
    everything: str

    def drawn(self, budget: int, seed: int) -> list[str]:
        """Freeze a draw; gives the options that name the workspace and the draw."""
        frozen = spread_snapshot(
            self.folder, self.everything, budget, seed, val_share=_VAL_SHARE
        )
        return [*self.home, "--snapshot", frozen]


@dataclass
class _Classes:
    """A set for which every draw makes a project: labels that are not drawn stay away."""

    name: str
    folder: Path
    found: PictureSet

    def drawn(self, budget: int, seed: int) -> list[str]:
        """Import the draw with its splits; gives the options that name the workspace."""
        place = self.folder / f"{budget}-{seed}"
        write_class_folders(self.found, split_of(self.found, budget, seed), place / "images")
        options = ["--format", "folders", "--group-by", "group"]
        home = _imported(place / "home", "classification", place / "images", options)
        run_json([*PITMARK, "snapshot", "--given", *home])
        return home


def split_of(found: PictureSet, budget: int, seed: int) -> dict[int, str]:
    """The split of every picture of a draw by its position; no group is in two splits."""
    labeled, test = draw(found, budget, seed)
    items = [
        SplitItem(str(n), found.pictures[n].group, (found.pictures[n].label,)) for n in labeled
    ]
    shares = {"train": 1 - _VAL_SHARE, "val": _VAL_SHARE}
    parts = assign_parts(items, shares, seed=seed)
    return {int(n): p for n, p in parts.items()} | {int(n): "test" for n in test}


def _trained(
    source: _Classes | _Project | _Spread, budget: int, arguments: argparse.Namespace
) -> dict[str, _Tally]:
    starts = {s: ["--init", s] if s == "random" else [] for s in arguments.init.split(",") if s}
    starts |= {f.stem: ["--init", str(f)] for f in arguments.weights}
    if arguments.reference:
        starts = {
            f"{start}{how}": [*init, option]
            for start, init in starts.items()
            for how, option in (("", "--no-reference"), (_COMPARED, "--reference"))
        }
    tallies = {start: _Tally() for start in starts}
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
        home = source.drawn(budget, seed)
        for start, init in starts.items():
            options = [*_options(arguments), "--seed", str(seed), *init]
            report, seconds, peak_mb = run_json([*PITMARK, "train", *options, *home])
            tally = tallies[start]
            tally.seconds.append(seconds)
            tally.peak_mb.append(peak_mb)
            told = {m: report["metrics"][m] for m in METRICS[arguments.task]}
            for metric, value in told.items():
                tally.values.setdefault(metric, []).extend([] if value is None else [value])
            tell(f"{source.name}@{budget} draw {seed}, {start}: {told} in {seconds:.0f} s")
    return tallies


def _options(arguments: argparse.Namespace) -> list[str]:
    out = ["--preset", arguments.preset]
    for name, option in (("side", "side"), ("image_steps", "steps"), ("threads", "threads")):
        value = getattr(arguments, name)
        out += [f"--{option}", str(value)] if value is not None else []
    return out


def _results(
    name: str, budget: int, tallies: dict[str, _Tally], arguments: argparse.Namespace
) -> list[dict[str, Any]]:
    return [
        {
            "data": name,
            "task": arguments.task,
            "budget": budget,
            **_start(start),
            "reference": start.endswith(_COMPARED),
            "preset": arguments.preset,
            "metric": metric,
            "median": round(statistics.median(values), 4),
            "low": round(min(values), 4),
            "high": round(max(values), 4),
            "draws": len(values),
            "seconds": round(statistics.median(tally.seconds), 1),
            "peak_mb": round(max(tally.peak_mb)),
        }
        for start, tally in tallies.items()
        for metric, values in tally.values.items()
        if values
    ]


def _start(start: str) -> dict[str, str]:
    name = start.removesuffix(_COMPARED)
    return {"init": name} if name in ("random", "shipped") else {"init": "file", "file": name}


def _gates(
    name: str, budget: int, tallies: dict[str, _Tally], metric: str
) -> list[dict[str, Any]]:
    medians = {
        start: statistics.median(tally.values[metric])
        for start, tally in tallies.items()
        if tally.values.get(metric)
    }
    gates = [
        gate(
            f"{name}@{budget} {metric}: {start} - {start.removesuffix(_COMPARED)} >= 0",
            round(median - medians[start.removesuffix(_COMPARED)], 4),
            0.0,
            at_least=True,
        )
        for start, median in medians.items()
        if start.endswith(_COMPARED) and start.removesuffix(_COMPARED) in medians
    ]
    if "random" not in medians:
        return gates
    return gates + [
        gate(
            f"{name}@{budget} {metric}: {start} - random >= .05",
            round(median - medians["random"], 4),
            _GAIN,
            at_least=True,
        )
        for start, median in medians.items()
        if start != "random" and not start.endswith(_COMPARED)
    ]


if __name__ == "__main__":
    main()
