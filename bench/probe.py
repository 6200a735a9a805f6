"""How much frozen features know: few labels, logistic regression, mean class recall.

    python3 dev.py bench probe -- --data FOLDER --data FOLDER --seeds 5 --reference FILE.npz

Pictures are seen at 192 px, and draws are the same for all. Of our own networks the
features are the vector that classification stands on (pitmark.train.whole_image), of
others mean and maximum over space of three stages. Networks: random weights (their norms
settled on the pictures, which needs no label), the shipped weights, any --weights FILE,
--candidate FILE, the light of the pictures alone (nothing learned), the ImageNet
reference, and the weights of the trial.
"""

# ruff: noqa: TID253 - torch is what is measured here
from __future__ import annotations

import argparse
import hashlib
import statistics
import sys
import time
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bench.few_labels import classify
from bench.reference_nets import LightAlone, Pooled, WholeImage, squeezenet, trial_net
from bench.sets import PictureSet, add_options, draw, read_sets
from bench.shape import finish, gate, parser, tell
from pitmark.core.preprocess import resize
from pitmark.train.backbone import Backbone, init_weights, load_weights
from pitmark.train.network import build_backbone, starting_point
from pitmark.train.whole_image import vector_scale

SIDE_PX = 192
BATCH = 16
_SETTLED_ON = 64
# A set counts as level when the reference is ahead by less than this.
_LEVEL = 0.005
_NEAR = 0.03
_LOSS_ALLOWED = 0.01

Rows = NDArray[np.float64]
Recalls = dict[tuple[str, str, int], list[float]]


def main() -> None:
    """Run the benchmark."""
    arguments = _arguments()
    torch.set_num_threads(arguments.threads)
    sets = read_sets(arguments)
    networks = _networks(arguments)
    budgets = [int(b) for b in arguments.budget.split(",")]
    recalls: Recalls = {}
    results = []
    for found in sets:
        pictures = _as_batches(found)
        for name, network in networks.items():
            started = time.perf_counter()
            rows = _described(name, network, pictures, arguments.cache)
            for budget in budgets:
                values = [
                    _one_draw(found, rows, _counts(network), budget, s)
                    for s in range(arguments.seeds)
                ]
                recalls[found.name, name, budget] = values
                seconds = round(time.perf_counter() - started, 1)
                results.append(_result(found, name, budget, values) | {"seconds": seconds})
            tell(f"{found.name}, {name}: {seconds:.0f} s")
    _table([s.name for s in sets], list(networks), budgets, recalls)
    gates = _gates([s.name for s in sets], list(networks), budgets, recalls)
    finish("probe", results, gates, arguments)


def _arguments() -> argparse.Namespace:
    out = parser(__doc__ or "")
    out.set_defaults(seeds=5)
    add_options(out)
    out.add_argument("--budget", default="25,50", help="labels in total")
    out.add_argument("--weights", action="append", type=Path, default=[], metavar="FILE")
    out.add_argument("--candidate", type=Path, help="weights that may replace the shipped")
    out.add_argument("--reference", type=Path, help="npz of the ImageNet SqueezeNet")
    out.add_argument("--trial", type=Path, help="npz of the trial's weights")
    out.add_argument("--cache", type=Path, help="folder where features are kept between runs")
    out.add_argument("--threads", type=int, default=1)
    given = out.parse_args()
    if not given.data:
        sys.exit("give at least one --data FOLDER")
    return given


def _networks(arguments: argparse.Namespace) -> dict[str, nn.Module]:
    fresh = Backbone()
    init_weights(fresh, seed=0)
    out: dict[str, nn.Module] = {"random": WholeImage(fresh), "shipped": _ours(None)}
    if arguments.candidate is not None:
        out["candidate"] = _ours(arguments.candidate)
    for file in arguments.weights:
        out[file.stem] = _ours(file)
    out["light alone"] = LightAlone()
    if arguments.trial is not None:
        out["trial"] = Pooled(trial_net(arguments.trial))
    if arguments.reference is not None:
        out["reference"] = Pooled(squeezenet(arguments.reference))
    return {name: network.eval() for name, network in out.items()}


def _ours(file: Path | None) -> nn.Module:
    start = starting_point(file)
    if start.weights is None:
        sys.exit("there are no shipped weights")
    backbone = build_backbone(start.backbone)
    load_weights(backbone, start.weights)
    return WholeImage(backbone)


def _as_batches(found: PictureSet) -> list[Tensor]:
    """All pictures as (B, 3, 192, 192) in [0, 1], stretched to the square."""
    out = []
    for picture in found.pictures:
        pixels = picture.pixels()
        small = np.asarray(resize(pixels, (SIDE_PX, SIDE_PX)), dtype=np.float32)
        small = small / np.iinfo(pixels.dtype).max
        color = small if small.ndim == 3 else np.repeat(small[..., None], 3, axis=2)
        out.append(torch.from_numpy(color.transpose(2, 0, 1).copy()))
    return [torch.stack(out[i : i + BATCH]) for i in range(0, len(out), BATCH)]


def _described(
    name: str, network: nn.Module, batches: list[Tensor], cache: Path | None
) -> Rows:
    """(N, D) features, from the folder where they are there already."""
    file = cache / f"{_mark(network, batches)}.npy" if cache is not None else None
    if file is not None and file.is_file():
        return np.asarray(np.load(file))
    chosen = _settled(network, batches) if name == "random" else network
    rows = np.concatenate(list(_features(chosen, batches))).astype(np.float64)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, rows)
    return rows


def _features(network: nn.Module, batches: list[Tensor]) -> Iterator[NDArray[np.float32]]:
    with torch.inference_mode():
        for batch in batches:
            yield network(batch).numpy()


def _counts(network: nn.Module) -> Rows | None:
    """How much each feature counts; None where all count alike."""
    if not isinstance(network, WholeImage):
        return None
    return vector_scale(network.backbone.widths).double().numpy()


def _settled(network: nn.Module, batches: list[Tensor]) -> nn.Module:
    """A copy whose norms know some pictures: without it random depth only blurs."""
    out = deepcopy(network).train()
    for norm in out.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.momentum = None
    step = max(1, len(batches) * BATCH // _SETTLED_ON)
    with torch.no_grad():
        for batch in batches[::step]:
            out(batch)
    return out.eval()


def _mark(network: nn.Module, batches: list[Tensor]) -> str:
    """What features depend on, as a hash."""
    hashed = hashlib.sha256(type(network).__name__.encode())
    for name, tensor in network.state_dict().items():
        hashed.update(name.encode() + tensor.numpy().tobytes())
    for batch in batches:
        hashed.update(batch.numpy().tobytes())
    return hashed.hexdigest()[:32]


def _one_draw(
    found: PictureSet, rows: Rows, counts: Rows | None, budget: int, seed: int
) -> float:
    learned, test = draw(found, budget, seed)
    guess = classify(
        rows[learned], found.labels[learned], rows[test], seed=seed, weights=counts
    )
    truth = found.labels[test]
    return float(np.mean([(guess[truth == k] == k).mean() for k in np.unique(truth)]))


def _result(found: PictureSet, name: str, budget: int, values: list[float]) -> dict[str, Any]:
    return {
        "data": found.name,
        "task": "classification",
        "features": name,
        "budget": budget,
        "grouped_by": found.grouped_by,
        "metric": "mean_recall",
        "median": round(statistics.median(values), 4),
        "low": round(min(values), 4),
        "high": round(max(values), 4),
        "draws": len(values),
    }


def _table(sets: list[str], networks: list[str], budgets: list[int], recalls: Recalls) -> None:
    """Median (low to high) in percent, one line a set and budget."""
    tell(f"{'mean class recall, %':<26}" + "".join(f"{n[:18]:>20}" for n in networks))
    for name in sets:
        for budget in budgets:
            cells = [[100 * v for v in recalls[name, n, budget]] for n in networks]
            texts = [f"{statistics.median(c):.1f} ({min(c):.0f}-{max(c):.0f})" for c in cells]
            tell(f"{name + ' @' + str(budget):<26}" + "".join(f"{t:>20}" for t in texts))


def _gaps(recalls: Recalls, one: str, other: str, budgets: list[int]) -> dict[str, float]:
    """By how much the median of one network is ahead of another's, at its worst budget."""

    def ahead(data: str, budget: int) -> float:
        values, others = recalls[data, one, budget], recalls[data, other, budget]
        return statistics.median(values) - statistics.median(others)

    return {s: min(ahead(s, n) for n in budgets) for s in sorted({k[0] for k in recalls})}


def _gates(
    sets: list[str], networks: list[str], budgets: list[int], recalls: Recalls
) -> list[dict[str, Any]]:
    out = []
    for one in ("shipped", "candidate"):
        if one in networks and "reference" in networks:
            gaps = _gaps(recalls, one, "reference", budgets)
            for s in sets:
                name = f"{one} level with or ahead of reference, {s}, worst budget"
                out.append(gate(name, round(gaps[s], 4), -_LEVEL, at_least=True))
            level = sum(g >= -_LEVEL for g in gaps.values())
            name = f"{one} level with or ahead of reference, number of sets"
            out.append(gate(name, level, min(3, len(sets)), at_least=True))
            name = f"{one} within 3 points of reference everywhere"
            out.append(gate(name, round(min(gaps.values()), 4), -_NEAR, at_least=True))
    if "candidate" in networks:
        pairs = [
            a - b
            for s in sets
            for n in budgets
            for a, b in zip(recalls[s, "candidate", n], recalls[s, "shipped", n], strict=True)
        ]
        name = "candidate better than shipped, mean of all sets, budgets and draws"
        out.append(gate(name, round(statistics.mean(pairs), 4), _LEVEL, at_least=True))
        gaps = _gaps(recalls, "candidate", "shipped", budgets)
        name = "candidate nowhere worse than shipped by more than a point"
        out.append(gate(name, round(min(gaps.values()), 4), -_LOSS_ALLOWED, at_least=True))
    return out


if __name__ == "__main__":
    main()
