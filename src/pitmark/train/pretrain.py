"""Give the backbone a start on painted surfaces, no photograph involved.

    python -m pitmark.train.pretrain paint BANK --scenes 60000
    python -m pitmark.train.pretrain train BANK weights.safetensors --image-steps 600000

Both can be stopped at any moment and started again with the same words: they go on where
they stood, also in pieces of a few minutes (`--minutes`). The finished file holds the
backbone and the pyramid in 16 bits.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from pitmark.synth.scene_bank import SHARD_SCENES, SceneBank, paint_bank
from pitmark.train.adamw import AdamW
from pitmark.train.backbone import initial_weights, load_weights, pyramid_part
from pitmark.train.checkpoint import RunState, restore_state, save_state
from pitmark.train.loop import take_step
from pitmark.train.neck import load_pyramid
from pitmark.train.precision import bf16_pays, limited_threads, pick_device
from pitmark.train.pretrain_batches import PretrainBatches
from pitmark.train.pretrain_network import LossShares, PretrainNetwork

_WEIGHT_DECAY = 0.02
_WARM_UP_STEPS = 100
_CLIP_NORM = 2.0
_SAVE_EVERY_S = 60.0
_KEPT_PARTS = ("backbone.", "pyramid.")


@dataclass(frozen=True, slots=True)
class PretrainPlan:
    """A run: the same plan on the same bank gives the same weights.

    `image_steps` are pictures shown, repeats counted; `pairs` surfaces make a step. `rate`
    is the highest learning rate. `init` names weights of an earlier run to start from.
    """

    image_steps: int = 600_000
    pairs: int = 64
    blocks: int = 2
    seed: int = 0
    shares: LossShares = field(default_factory=LossShares)
    rate: float = 2e-3
    init: str = ""

    @property
    def steps(self) -> int:
        """Optimizer steps."""
        return max(1, math.ceil(self.image_steps / (2 * self.pairs)))


@dataclass(frozen=True, slots=True)
class Piece:
    """How far one call may go: where the run is kept, when to stop, on how many cores."""

    checkpoint: Path
    minutes: float = math.inf
    threads: int | None = None


def pretrain(bank: SceneBank, plan: PretrainPlan, piece: Piece) -> PretrainNetwork | None:
    """Train, or go on training.

    Args:
        bank: Painted scenes; more of them may have been added since the last piece.
        plan: The run.
        piece: How far to go now.

    Returns:
        The averaged network, or None when the time was up before the end.
    """
    state = _start(plan)
    mark = json.dumps(asdict(plan), sort_keys=True)
    restore_state(state, piece.checkpoint, fingerprint=mark)
    batches = PretrainBatches(bank, plan.pairs, plan.steps, plan.seed)
    with limited_threads(piece.threads):
        _train(state, batches, plan, (piece, mark))
    if state.step < plan.steps:
        return None
    assert isinstance(state.average, PretrainNetwork)
    return state.average


def _start(plan: PretrainPlan) -> RunState:
    device = pick_device()
    network = PretrainNetwork(blocks=plan.blocks, seed=plan.seed)
    if plan.init:
        _take(network, Path(plan.init))
    network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = deepcopy(network).requires_grad_(requires_grad=False)
    flat = [p for p in network.parameters() if p.ndim <= 1]
    rest = [p for p in network.parameters() if p.ndim > 1]
    groups = [
        {"params": rest, "weight_decay": _WEIGHT_DECAY},
        {"params": flat, "weight_decay": 0.0},
    ]
    optimizer = AdamW(groups, lr=plan.rate)
    return RunState(network, average, optimizer, bf16=bf16_pays(device.type))


def _take(network: PretrainNetwork, path: Path) -> None:
    """Start from the backbone and the pyramid of an earlier run."""
    weights = initial_weights(path) or {}
    load_weights(network.backbone, weights)
    load_pyramid(network.pyramid, pyramid_part(weights))


def _train(
    state: RunState, batches: PretrainBatches, plan: PretrainPlan, where: tuple[Piece, str]
) -> None:
    network, (piece, mark) = state.network, where
    assert isinstance(network, PretrainNetwork)
    device = next(network.parameters()).device
    started = saved = time.monotonic()
    network.train()
    for batch in batches.from_step(state.step):
        for group in state.optimizer.param_groups:
            group["lr"] = plan.rate * _rate(state.step, plan.steps)
        with torch.autocast(device.type, torch.bfloat16, enabled=state.bf16):
            loss, parts = network.loss(batch.to(device), plan.shares)
        take_step(state, loss, clip_norm=_CLIP_NORM)
        now = time.monotonic()
        if state.step % 20 == 0:
            _tell(state, plan, parts)
        last = now - started > 60 * piece.minutes
        if last or now - saved > _SAVE_EVERY_S or state.step == plan.steps:
            save_state(state, piece.checkpoint, fingerprint=mark)
            saved = now
        if last:
            return


def _rate(step: int, steps: int) -> float:
    rise = min(1.0, (step + 1) / _WARM_UP_STEPS)
    return rise * (0.01 + 0.99 * (1 + math.cos(math.pi * step / steps)) / 2)


def _tell(state: RunState, plan: PretrainPlan, parts: Mapping[str, float]) -> None:
    shown = state.step * 2 * plan.pairs
    told = ", ".join(f"{name} {value:.3f}" for name, value in parts.items())
    mean = float(np.mean(state.losses[-100:]))
    _say(f"{shown} of {plan.image_steps} pictures, loss {mean:.3f} ({told})")


def save_weights(network: PretrainNetwork, path: Path) -> None:
    """Write backbone and pyramid in 16 bits.

    Args:
        network: After pretraining.
        path: The safetensors file.
    """
    tensors = {
        name: value.half().contiguous()
        for name, value in network.state_dict().items()
        if value.is_floating_point() and name.startswith(_KEPT_PARTS)
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path)


def _arguments() -> argparse.Namespace:
    out = argparse.ArgumentParser(description=__doc__)
    commands = out.add_subparsers(dest="command", required=True)
    paint = commands.add_parser("paint", help="paint scenes into a bank")
    paint.add_argument("bank", type=Path)
    paint.add_argument("--scenes", type=int, default=60_000)
    paint.add_argument("--seed", type=int, default=1)
    paint.add_argument("--workers", type=int)
    train = commands.add_parser("train", help="train on a bank")
    train.add_argument("bank", type=Path)
    train.add_argument("out", type=Path)
    train.add_argument("--image-steps", type=int, default=600_000)
    train.add_argument("--pairs", type=int, default=64)
    train.add_argument("--blocks", type=int, default=2, choices=(1, 2))
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--shares", default="", help="such as pair=0,pattern=0.5")
    train.add_argument("--rate", type=float, default=2e-3)
    train.add_argument("--init", default="", help="weights of an earlier run")
    train.add_argument("--minutes", type=float, default=math.inf)
    train.add_argument("--threads", type=int)
    return out.parse_args()


def main() -> None:
    """The command line."""
    given = _arguments()
    if given.command == "paint":
        shards = range(math.ceil(given.scenes / SHARD_SCENES))
        paint_bank(given.bank, shards, seed=given.seed, workers=given.workers, tell=_painted)
        return
    plan = PretrainPlan(
        given.image_steps,
        given.pairs,
        given.blocks,
        given.seed,
        LossShares.parse(given.shares),
        given.rate,
        given.init,
    )
    piece = Piece(given.out.with_suffix(".checkpoint"), given.minutes, given.threads)
    network = pretrain(SceneBank(given.bank), plan, piece)
    if network is None:
        _say("The time is up; the same command goes on.")
        return
    save_weights(network, given.out)


def _painted(done: int, total: int) -> None:
    _say(f"{done} of {total} shards painted")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
