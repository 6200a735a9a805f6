"""Agreement and consensus, on real people and on simulated ones with known mistakes.

    python3 dev.py bench agreement -- --data FOLDER --seeds 5 --peer-python PYTHON

A data folder is one that can be imported and names labelers (a CSV table with a column
labeler), or one with a folder `images` and one folder of masks per labeler, whose files
begin with the same number. Pixels outside the folder `mask`, if there is one, are left out
of specificity and STAPLE. `--peer-python` is a Python that has cleanlab 2.9.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import pitmark
from bench.labelers_simulated import PEER_SETTINGS, RESULTS, SCENES
from bench.plain_masks import plain_dice, plain_rates, plain_staple
from bench.shape import finish, gate, parser, tell
from pitmark.core.labels import BoxShape, ImageClass
from pitmark.formats.images import decode_mask_image
from pitmark.formats.registry import read_folder
from pitmark.ops.images.importing import ImportOptions
from pitmark.quality.agreement.staple import PatternCounts, staple
from pitmark.workspace.project import Project

Mask = NDArray[np.bool_]
Result = dict[str, Any]
IMAGES = "images"


def main() -> None:
    """Run the benchmark."""
    out = parser(__doc__ or "")
    out.add_argument("--labelers", default="", metavar="A,B", help="folders of masks")
    out.add_argument("--field", default="mask", help="folder of masks of what counts")
    out.add_argument("--peer-python", default=sys.executable, metavar="PYTHON")
    arguments = out.parse_args()
    results: list[Result] = []
    for data in arguments.data:
        results += _real(data, arguments)
    for make in RESULTS:
        results += make(arguments)
    finish("agreement", results, _gates(results), arguments)


def _real(data: Path, arguments: argparse.Namespace) -> list[Result]:
    with tempfile.TemporaryDirectory() as spare:
        people = _mask_folders(data, arguments)
        workspace = pitmark.open(Path(spare) / "home")
        if len(people) < 2:
            return _imported(data, workspace.create_project("bench", task=_task(data)))
        tell(f"{data.name}: masks by {', '.join(people)}")
        project = workspace.create_project("bench", task="segmentation")
        for name in people:
            staged = _staged(data, name, Path(spare) / "staged" / name)
            done = project.import_folder(staged, options=ImportOptions(labeler=name))
            if not done.labeled:
                sys.exit(f"{data / name}: no mask could be read")
        results = _mask_results(project, people)
        results += _staple_results(data, people, arguments.field)
        workspace.close()
    return [{"data": data.name, "task": "segmentation", **r} for r in results]


def _imported(data: Path, project: Project) -> list[Result]:
    """The headline figures of any folder that names its labelers."""
    project.import_folder(data)
    started = time.perf_counter()
    report = project.labels.agreement().report
    seconds = round(time.perf_counter() - started, 2)
    shared = {"data": data.name, "task": project.task, "seconds": seconds}
    return [
        {
            **shared,
            "metric": "alpha",
            "kind": f.kind,
            "value": f.alpha.value,
            "low": f.alpha.low,
            "high": f.alpha.high,
        }
        for f in report.figures
    ]


def _mask_results(project: Project, people: list[str]) -> list[Result]:
    """What the product reports between people and for each against each other."""
    started = time.perf_counter()
    report = project.labels.agreement().report
    seconds = round(time.perf_counter() - started, 2)
    assert report.masks is not None
    results: list[Result] = []
    for pair in report.masks.between:
        found = {"value": pair.dice.value, "low": pair.dice.low, "high": pair.dice.high}
        results.append(
            {
                "metric": "dice",
                "who": [pair.first, pair.second],
                **found,
                "border_px": pair.border_mean_px.value,
                "seconds": seconds,
            }
        )
    results.append(
        {"metric": "alpha", "kind": "pixels", "value": report.masks.pixel_alpha.value}
    )
    return results


def _staple_results(data: Path, people: list[str], field: str) -> list[Result]:
    """Our estimate against the plain one, and figures of people against each other."""
    masks = {name: [_mask(p) for p in _files(data / name)] for name in people}
    fields = [_mask(p) for p in _files(data / field)] if (data / field).is_dir() else None
    inside = fields or [np.ones_like(m) for m in masks[people[0]]]
    results: list[Result] = []
    for one, other in combinations(people, 2):
        value = plain_dice(masks[one], masks[other])
        results.append({"metric": "plain_dice", "who": [one, other], "value": value})
        for true, called in ((one, other), (other, one)):
            cut = [
                [m[f] for m, f in zip(masks[n], inside, strict=True)] for n in (true, called)
            ]
            rates = plain_rates(cut[0], cut[1])
            named = zip(("sensitivity", "specificity"), rates, strict=True)
            results += [
                {"metric": m, "labeler": called, "true": true, "value": v} for m, v in named
            ]
    counts = PatternCounts(len(people))
    for number, field_hw in enumerate(inside):
        counts.add([masks[n][number] for n in people], field_hw=field_hw)
    started = time.perf_counter()
    ours = staple(counts)
    seconds = time.perf_counter() - started
    rows = [
        np.concatenate([m[f] for m, f in zip(masks[n], inside, strict=True)]) for n in people
    ]
    started = time.perf_counter()
    plain = plain_staple(np.stack(rows))
    plain_seconds = time.perf_counter() - started
    chances = [ours.probability([masks[n][k] for n in people])[f] for k, f in enumerate(inside)]
    gap = float(np.abs(np.concatenate(chances) - plain.probability).max())
    times = {"seconds": round(seconds, 4), "plain_seconds": round(plain_seconds, 2)}
    results.append({"metric": "staple_difference", "value": gap, "steps": plain.steps, **times})
    for k, name in enumerate(people):
        for metric, mine, theirs in (
            ("staple_sensitivity", ours.sensitivity[k], plain.sensitivity[k]),
            ("staple_specificity", ours.specificity[k], plain.specificity[k]),
        ):
            results.append(
                {"metric": metric, "labeler": name, "value": mine, "reference": float(theirs)}
            )
    return results


def _gates(results: list[Result]) -> list[Result]:
    out: list[Result] = []
    for row in results:
        if row["metric"] == "plain_dice":
            ours = next(
                r for r in results
                if r["metric"] == "dice" and set(r["who"]) == set(row["who"])
                and r["data"] == row["data"]
            )  # fmt: skip
            gap = abs(ours["value"] - row["value"])
            out.append(gate(f"{row['data']}: Dice as by hand", gap, 1e-9, at_least=False))
        if row["metric"] == "staple_difference":
            name = f"{row['data']}: STAPLE as the plain one"
            out.append(gate(name, row["value"], 1e-6, at_least=False))
    if any(r["data"] == "drive_two_annotators" for r in results):
        dice = next(r["value"] for r in results if r["metric"] == "dice")
        away = abs(dice - 0.788)
        out.append(gate("drive: mean Dice .79 within .01", away, 0.01, at_least=False))
    return out + _simulated_gates(results)


def _simulated_gates(results: list[Result]) -> list[Result]:
    def median(data: str, metric: str, method: str = "") -> float | None:
        row = next(
            r for r in results
            if (r["data"], r["metric"], r.get("method", "")) == (data, metric, method)
        )  # fmt: skip
        return row.get("median")

    def gain(data: str, one: str, other: str, metric: str = "accuracy") -> float | None:
        first, second = median(data, metric, one), median(data, metric, other)
        return None if first is None or second is None else round(first - second, 4)

    error = median("all label all", "confusion_error", "dawid-skene")
    study = "simulated study of 50 images"
    rows = [
        gate("confusions recovered within .03", error, 0.03, at_least=False),
        gate("interval of alpha holds in 90 %", median(study, "interval_coverage"), 0.9,
             at_least=True),
        gate("bias of edges within .3 px", median("simulated boxes", "bias_error_px"), 0.3,
             at_least=False),
        gate("useless model costs at most .01",
             gain("useless model", "model-aware", "dawid-skene"), -0.01, at_least=True),
    ]  # fmt: skip
    for scene in SCENES:
        value = gain(scene.name, "dawid-skene", "majority")
        name = f"{scene.name}: Dawid-Skene at least majority"
        rows.append(gate(name, value, 0.0, at_least=True))
        peers = [gain(scene.name, "model-aware", peer) for peer in PEER_SETTINGS]
        known = [v for v in peers if v is not None]
        if known:
            name = f"{scene.name}: model-aware at least the best setting of cleanlab"
            rows.append(gate(name, min(known), 0.0, at_least=True))
    return rows


def _mask_folders(data: Path, arguments: argparse.Namespace) -> list[str]:
    if arguments.labelers:
        return [n for n in arguments.labelers.split(",") if n]
    if not (data / IMAGES).is_dir():
        return []
    count = len(_files(data / IMAGES))
    apart = {IMAGES, arguments.field}
    folders = sorted(p.name for p in data.iterdir() if p.is_dir() and p.name not in apart)
    return [n for n in folders if len(_files(data / n)) == count]


def _task(data: Path) -> str:
    shapes = [s for i in read_folder(data).images for s in i.shapes or ()]
    if shapes and all(isinstance(s, ImageClass) for s in shapes):
        return "classification"
    return "detection" if all(isinstance(s, BoxShape) for s in shapes) else "segmentation"


def _files(folder: Path) -> list[Path]:
    return sorted((p for p in folder.iterdir() if p.is_file()), key=lambda p: _number(p))


def _number(path: Path) -> str:
    return re.split(r"[_.-]", path.name)[0]


def _staged(data: Path, labeler: str, out: Path) -> Path:
    """Copies in the layout of mask images: images/N, masks/N."""
    masks = {_number(p): p for p in _files(data / labeler)}
    for folder in ("images", "masks"):
        (out / folder).mkdir(parents=True)
    for image in _files(data / IMAGES):
        number = _number(image)
        shutil.copyfile(image, out / "images" / f"{number}{image.suffix}")
        if number in masks:
            mask = masks[number]
            shutil.copyfile(mask, out / "masks" / f"{number}{mask.suffix}")
    return out


def _mask(path: Path) -> Mask:
    return np.asarray(decode_mask_image(path.read_bytes(), path.name) > 0)


if __name__ == "__main__":
    main()
