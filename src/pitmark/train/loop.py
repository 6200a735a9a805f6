"""The training loop: one for all tasks.

A run is a function of data, spec, settings and seed. Killed and started again with the
same checkpoint file, it goes on and ends with the same weights.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from contextlib import closing
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from pitmark.core.errors import CancelledError, NotEnoughDataError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.labels import shapes_hash
from pitmark.core.progress import Progress, Reporter, silent
from pitmark.core.records import LabeledImage, PixelLoader
from pitmark.train.adamw import AdamW
from pitmark.train.ahead import batches_ahead
from pitmark.train.batches import BatchMaker, patch_size, scene_weights, task_augmentation
from pitmark.train.checkpoint import RunState, restore_state, save_state
from pitmark.train.closed_form import settle_norms, standardize
from pitmark.train.dataset import SceneCache, usable
from pitmark.train.model import TrainedModel
from pitmark.train.network import Network, NetworkPlan, starting_point
from pitmark.train.normality import finish_anomaly, held_out
from pitmark.train.pace import Pace
from pitmark.train.precision import limited_threads, pick_device, wants_bf16
from pitmark.train.schedule import Schedule, batch_size, parameter_groups, plan_schedule
from pitmark.train.settings import TrainSettings
from pitmark.train.targets import Batch

_AVERAGE_DECAY = 0.998
_CLIP_NORM = 5.0
_SAVE_EVERY_S = 20.0
_FINE_BOX_PX = 16.0
_HISTORY_LENGTH = 100
# Part of the fingerprint of a run: raised when the same settings come to train otherwise.
_RECIPE = 9


def fit(  # noqa: PLR0913 - the one entry point; all after the fourth have defaults
    images: Sequence[LabeledImage],
    load: PixelLoader,
    spec: InspectorSpec,
    settings: TrainSettings,
    *,
    report: Reporter = silent,
    checkpoint: Path | None = None,
    flips: bool = True,
    turns: bool = True,
) -> TrainedModel:
    """A model trained on the labeled images of split "train".

    Args:
        images: Any images; those of other splits and unlabeled ones are left out.
        load: Gives pixels.
        spec: What to learn, from `settings.plan_inspector`.
        settings: How.
        report: Takes progress with loss, and may stop the work.
        checkpoint: File for the state of the run; where it holds one of this very run,
            training goes on from there.
        flips: Whether a mirrored image is a possible one.
        turns: Whether a quarter-turned image is a possible one.

    Returns:
        The model, with the threshold of the spec.

    Raises:
        NotEnoughDataError: There is no image to learn from.
        CancelledError: `report` asked to stop; the state has been saved.
    """
    chosen = usable(images, spec, settings.good_names)
    if not chosen:
        raise NotEnoughDataError(
            f"no image of split 'train' is labeled for {spec.task}",
            hint="Label images, or move labeled ones to the split 'train'.",
        )
    spare = held_out(chosen, settings.seed) if spec.task == "anomaly" else []
    learned = [i for i in chosen if i not in spare]
    cache = SceneCache(learned, load, spec)
    how = task_augmentation(spec.task, flips=flips, turns=turns)
    weights, patch_wh = scene_weights(cache, spec), patch_size(cache, spec)
    maker = BatchMaker(cache, spec, how, weights, settings.seed, patch_wh)
    with limited_threads(settings.threads), torch.random.fork_rng(devices=[]):
        network, losses = _run(
            maker,
            settings,
            count=len(chosen),
            report=report,
            save=(checkpoint, fingerprint(chosen, spec, settings, flips, turns, _RECIPE)),
        )
        if spec.task == "anomaly":
            finish_anomaly(network, learned, spare, load=load, spec=spec, seed=settings.seed)
    return TrainedModel(spec, network, _history(losses, batch_size(spec.task)))


def _run(
    maker: BatchMaker,
    settings: TrainSettings,
    *,
    count: int,
    report: Reporter,
    save: tuple[Path | None, str],
) -> tuple[Network, list[float]]:
    """The averaged network after all steps, ready to use, and the loss of every step."""
    state, schedule = start(maker, settings, count=count)
    path, mark = save
    if path is not None:
        restore_state(state, path, fingerprint=mark)
    try:
        train(state, maker, schedule, report=report, save=save)
    except CancelledError:
        if path is not None:
            save_state(state, path, fingerprint=mark)
        raise
    network = state.average
    assert isinstance(network, Network)
    network.to("cpu").eval()
    return network, state.losses


def start(
    maker: BatchMaker, settings: TrainSettings, *, count: int
) -> tuple[RunState, Schedule]:
    """A fresh run: network, average, optimizer and schedule.

    Args:
        maker: Of the batches.
        settings: How to learn.
        count: Images to learn from.

    Returns:
        The state before the first step, and the schedule.
    """
    spec = maker.spec
    fine = spec.task == "detection" and needs_fine_level(maker.cache)
    begin = starting_point(settings.init)
    plan = NetworkPlan(
        spec.task,
        len(spec.classes),
        blocks=begin.blocks(settings.network),
        fine=fine,
        backbone=begin.backbone,
        reference=spec.reference,
    )
    network = Network(plan, seed=settings.seed)
    begin.put_into(network)
    if begin.prunes(network):
        settle_norms(network, maker.cache, spec)
    if spec.task == "classification":
        standardize(network, maker.cache, spec, seed=settings.seed)
    device = pick_device()
    network.to(device)
    average = deepcopy(network).requires_grad_(requires_grad=False)
    known = begin.weights is not None
    schedule = plan_schedule(plan, maker, settings, count=count, pretrained=known)
    optimizer = AdamW(parameter_groups(network, schedule))
    return RunState(network, average, optimizer, bf16=wants_bf16(settings, device)), schedule


def needs_fine_level(cache: SceneCache) -> bool:
    """Whether boxes are so small that detection must look at stride 4.

    Args:
        cache: The scenes.

    Returns:
        True when the median side, as the network sees it, is under 16 px.
    """
    sides = [
        float(np.sqrt(np.prod(box[2:] - box[:2]))) * scene.patch_scale
        for scene in (cache[i] for i in range(len(cache)))
        for box in scene.boxes_xyxy
    ]
    return bool(sides) and float(np.median(sides)) < _FINE_BOX_PX


def train(
    state: RunState,
    maker: BatchMaker,
    schedule: Schedule,
    *,
    report: Reporter,
    save: tuple[Path | None, str],
) -> None:
    """All steps that are left.

    Args:
        state: The run, changed in place.
        maker: Of the batches.
        schedule: What happens when.
        report: Takes progress, and may stop the work.
        save: File for the state of the run, and the fingerprint to put into it.

    Raises:
        CancelledError: `report` asked to stop.
    """
    network, (path, mark) = state.network, save
    assert isinstance(network, Network)
    device = next(network.parameters()).device
    pace, saved_s = Pace(schedule.steps, done=state.step), time.monotonic()
    with closing(batches_ahead(maker, schedule, start=state.step)) as batches:
        for batch in batches:
            schedule.set_phase(network, state.step)
            _step(state, network, batch.to(device), schedule, seed=maker.seed)
            if pace.due(state.step):
                report(_progress(state, schedule, pace))
            if path is not None and time.monotonic() - saved_s > _SAVE_EVERY_S:
                save_state(state, path, fingerprint=mark)
                saved_s = time.monotonic()


def _step(
    state: RunState, network: Network, batch: Batch, schedule: Schedule, *, seed: int
) -> None:
    """Learn from one batch."""
    for group in state.optimizer.param_groups:
        group["lr"] = group["peak"] * schedule.rate(state.step)
    # Dropout depends on the step alone, as the batch does: a resumed run sees both again.
    torch.manual_seed(seed * 1_000_003 + state.step)
    with torch.autocast(batch.images.device.type, torch.bfloat16, enabled=state.bf16):
        loss = network.loss(batch, state.step / schedule.steps)
    take_step(state, loss, clip_norm=_CLIP_NORM)


def take_step(state: RunState, loss: torch.Tensor, *, clip_norm: float) -> None:
    """One step of the optimizer, and of the average that follows it.

    Args:
        state: The run, changed in place.
        loss: A scalar.
        clip_norm: Gradients are shortened to this length.
    """
    state.optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(state.network.parameters(), clip_norm)
    state.optimizer.step()
    follow(state.average, state.network, state.step)
    state.losses.append(loss.item())
    state.step += 1


def follow(average: nn.Module, network: nn.Module, step: int) -> None:
    """Move the average of the weights, and of the norms' statistics, towards the network.

    Args:
        average: Changed in place.
        network: As it stands.
        step: Number of the step; the first ones count less long.
    """
    decay = min(_AVERAGE_DECAY, (1 + step) / (10 + step))
    pairs = list(zip(_values(average), _values(network), strict=True))
    floats = [pair for pair in pairs if pair[0].is_floating_point()]
    means, values = map(list, zip(*floats, strict=True))
    get_ema_multi_avg_fn(decay)(means, values, step)  # type: ignore[no-untyped-call]
    for count, value in pairs:
        if not count.is_floating_point():
            count.copy_(value)


def _values(module: nn.Module) -> list[torch.Tensor]:
    """All that a module has learned or counted."""
    return [*module.parameters(), *module.buffers()]


def _progress(state: RunState, schedule: Schedule, pace: Pace) -> Progress:
    loss = float(np.mean(state.losses[-20:]))
    facts = {"loss": round(loss, 4), "images": state.step * schedule.batch}
    eta_s = pace.eta_s(state.step)
    return Progress("train", state.step, schedule.steps, eta_s=eta_s, facts=facts)


def _history(losses: Sequence[float], batch: int) -> list[dict[str, float]]:
    """At most a hundred points of the loss curve."""
    parts = np.array_split(np.asarray(losses), min(len(losses), _HISTORY_LENGTH) or 1)
    ends = np.cumsum([len(p) for p in parts]) * batch
    pairs = zip(ends, parts, strict=True)
    return [{"step": int(end), "loss": round(float(p.mean()), 6)} for end, p in pairs]


def fingerprint(
    images: Sequence[LabeledImage],
    spec: InspectorSpec,
    settings: TrainSettings,
    *more: object,
) -> str:
    """What a run depends on, as a hash: two runs that share it give the same weights.

    Args:
        images: To learn from.
        spec: What to learn.
        settings: How.
        more: Anything else that matters, with a telling text form.

    Returns:
        64 hexadecimal digits.
    """
    threads_apart = {k: v for k, v in settings.to_json().items() if k != "threads"}
    if isinstance(settings.init, Path) and settings.init.is_file():
        # What the file holds counts, not where it lies.
        with settings.init.open("rb") as file:
            threads_apart["init"] = hashlib.file_digest(file, "sha256").hexdigest()
    lines = [
        f"{i.image.sha256} {shapes_hash(i.shapes or ())} {i.image.reference or ''}".rstrip()
        for i in images
    ]
    about = [spec.to_json(), threads_apart, [repr(m) for m in more], lines]
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
