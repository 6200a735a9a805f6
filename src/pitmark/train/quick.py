"""A first model in seconds: frozen features and ridge regression in closed form.

Classification answers for the whole image, segmentation for every cell of stride 8;
detection also regresses the sides of the box of every cell, and anomaly detection is the
memory of good features without the trained map. The strength of regularization is the
one with the least leave-one-out error, which ridge regression gives without refitting.

Source: Allen, "The relationship between variable selection and data augmentation and a
method for prediction" (PRESS), 1974.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pitmark.core.errors import NotEnoughDataError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.records import LabeledImage, PixelLoader
from pitmark.train.augment import Piece, render
from pitmark.train.backbone import load_weights
from pitmark.train.batches import collate
from pitmark.train.dataset import Scene, SceneCache, usable
from pitmark.train.linear import CELL_STRIDE, LinearHead
from pitmark.train.model import TrainedModel
from pitmark.train.network import Network, NetworkPlan, starting_point
from pitmark.train.normality import finish_anomaly, held_out
from pitmark.train.precision import limited_threads
from pitmark.train.settings import TrainSettings

_STRENGTHS = 10.0 ** np.arange(-3, 5)
_SHARPNESS = 2.0 ** np.arange(0, 6)
_MOST_ROWS = 20_000
# Of a wide backbone fewer rows fit: a matrix of rows holds at most so many numbers.
_MOST_VALUES = 16_000_000
_MEMORY = 1000
_NORM_IMAGES = 64
# A cell answers for a box when its middle lies in the inner part of it.
_INNER = 0.6

Rows = NDArray[np.float64]


def quick_fit(
    images: Sequence[LabeledImage],
    load: PixelLoader,
    spec: InspectorSpec,
    settings: TrainSettings,
) -> TrainedModel:
    """A first model from the labeled images of split "train".

    Args:
        images: Any images.
        load: Gives pixels.
        spec: What to learn.
        settings: Seed, threads and initial weights count.

    Returns:
        A model like that of `loop.fit`, without a history.

    Raises:
        NotEnoughDataError: There is no image to learn from.
    """
    chosen = usable(images, spec, settings.good_names)
    if not chosen:
        raise NotEnoughDataError(
            f"no image of split 'train' is labeled for {spec.task}",
            hint="Label images, or move labeled ones to the split 'train'.",
        )
    begin = starting_point(settings.init)
    plan = NetworkPlan(
        spec.task,
        len(spec.classes),
        quick=True,
        memory_size=_MEMORY,
        backbone=begin.backbone,
    )
    network = Network(plan, seed=settings.seed)
    weights = begin.weights
    if weights is not None:
        load_weights(network.backbone, weights)
    network.eval()
    cache = SceneCache(chosen, load, spec)
    with limited_threads(settings.threads), torch.no_grad():
        if weights is None:
            settle_norms(network, cache, spec)
        if spec.task == "anomaly":
            spare = held_out(chosen, settings.seed)
            learned = [i for i in chosen if i not in spare]
            finish_anomaly(network, learned, spare, load=load, spec=spec, seed=settings.seed)
        else:
            solve(network, cache, spec, seed=settings.seed)
    return TrainedModel(spec, network)


@dataclass(frozen=True, slots=True)
class Ridge:
    """A linear map with the figures that chose it.

    `weights` (D, M) act on centered rows, `offset` (M,) is added. `left_out` (N, M) are
    the values for each row of a map fitted without it.
    """

    weights: Rows
    offset: Rows
    left_out: Rows
    strength: float


def ridge(rows: Rows, wanted: Rows, weights: Rows | None = None) -> Ridge:
    """The ridge regression with the least leave-one-out error.

    Args:
        rows: (N, D) centered features.
        wanted: (N, M) targets.
        weights: (N,) importance of the rows; None counts all alike.

    Returns:
        The solution.
    """
    share = np.ones(len(rows)) if weights is None else weights / weights.mean()
    offset = (wanted * share[:, None]).sum(0) / share.sum()
    root = np.sqrt(share)[:, None]
    x, y = rows * root, (wanted - offset) * root
    best: Ridge | None = None
    least = np.inf
    left, values, right = np.linalg.svd(x, full_matrices=False)
    seen = left.T @ y
    for strength in _STRENGTHS * max(float(values.max(initial=0.0)) ** 2, 1e-9) / 1e4:
        kept = values**2 / (values**2 + strength)
        hat = np.clip(((left**2) * kept).sum(1) + share / share.sum(), 0, 1 - 1e-6)
        gap = (y - left @ (kept[:, None] * seen)) / (1 - hat)[:, None]
        error = float((gap**2).mean())
        if error < least:
            least = error
            solved = right.T @ ((values / (values**2 + strength))[:, None] * seen)
            best = Ridge(solved, offset, wanted - gap / np.maximum(root, 1e-9), strength)
    assert best is not None
    return best


def settle_norms(network: Network, cache: SceneCache, spec: InspectorSpec) -> None:
    """Fit the norms of a random backbone to the images: without it, depth only blurs.

    Args:
        network: Changed in place.
        cache: The scenes.
        spec: What to learn.
    """
    norms = [m for m in network.backbone.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None
    network.backbone.train()
    step = max(1, len(cache) // _NORM_IMAGES)
    pieces = [p for i in range(0, len(cache), step) for p in plain_pieces(cache[i], spec)]
    for start in range(0, len(pieces), 8):
        part = pieces[start : start + 8]
        network.backbone(collate(part, spec.preprocess).images)
    for norm in norms:
        norm.momentum = 0.1
    network.backbone.eval()


def solve(network: Network, cache: SceneCache, spec: InspectorSpec, *, seed: int) -> None:
    """Fill the linear head of a network.

    Args:
        network: Changed in place.
        cache: The scenes.
        spec: What to learn.
        seed: Decides which cells are used where there are too many.
    """
    head = network.head
    assert isinstance(head, LinearHead)
    rows, wanted = _gather(network, head, cache, spec, seed=seed)
    center, spread = rows.mean(0), rows.std(0) + 1e-6
    scaled = (rows - center) / spread
    share = _balance(wanted[:, : len(spec.classes)])
    found = ridge(scaled, wanted[:, : len(spec.classes)], share)
    matrix, offset = found.weights, found.offset
    if spec.task == "detection":
        owned = np.isfinite(wanted[:, -1])
        sides = ridge(scaled[owned], wanted[owned, len(spec.classes) :])
        matrix = np.concatenate([matrix, sides.weights], axis=1)
        offset = np.concatenate([offset, sides.offset])
    sharpness = _sharpness(found.left_out, wanted[:, : len(spec.classes)], spec)
    for name, value in (
        ("center", center),
        ("spread", spread),
        ("matrix", matrix),
        ("offset", offset),
        ("sharpness", np.array(sharpness)),
    ):
        target: Tensor = getattr(head, name)
        target.copy_(torch.from_numpy(np.asarray(value, dtype=np.float32)))


def _gather(
    network: Network, head: LinearHead, cache: SceneCache, spec: InspectorSpec, *, seed: int
) -> tuple[Rows, Rows]:
    """Features and targets: of images, or of cells with as many defects as can be had."""
    rng = np.random.default_rng(seed)
    most = min(_MOST_ROWS, _MOST_VALUES // len(head.center))
    limit = max(16, most // len(cache))
    rows, wanted = [], []
    for position in range(len(cache)):
        for piece in plain_pieces(cache[position], spec):
            batch = collate([piece], spec.preprocess)
            described = head.describe(network.backbone(batch.images)).numpy()[0]
            if spec.task == "classification":
                rows.append(described[None])
                wanted.append(np.eye(len(spec.classes))[[piece.label]])
                continue
            truth = cell_truth(piece, spec)
            flat = described.reshape(len(described), -1).T
            bad = np.flatnonzero(truth[:, : len(spec.classes)].sum(1) > 0)
            fine = np.flatnonzero(truth[:, : len(spec.classes)].sum(1) == 0)
            picked = np.concatenate(
                [rng.permutation(bad)[: limit // 2], rng.permutation(fine)[: limit // 2]]
            )
            rows.append(flat[picked])
            wanted.append(truth[picked])
    keep = rng.permutation(sum(map(len, rows)))[:most]
    return (
        np.concatenate(rows).astype(np.float64)[keep],
        np.concatenate(wanted).astype(np.float64)[keep],
    )


def plain_pieces(scene: Scene, spec: InspectorSpec) -> list[Piece]:
    """A scene as the model will see it: whole, or in tiles without overlap.

    Args:
        scene: The scene.
        spec: What to learn.

    Returns:
        At least one piece.
    """
    width, height = spec.preprocess.input_wh
    wide, high = width / scene.patch_scale, height / scene.patch_scale
    columns = max(1, int(np.ceil(scene.size_wh[0] / wide - 1e-3)))
    lines = max(1, int(np.ceil(scene.size_wh[1] / high - 1e-3)))
    return [
        render(
            scene,
            (x * wide, y * high, (x + 1) * wide, (y + 1) * high),
            (width, height),
            fill=spec.preprocess.mean,
        )
        for y in range(lines)
        for x in range(columns)
    ]


def cell_truth(piece: Piece, spec: InspectorSpec) -> NDArray[np.float32]:
    """What every cell of stride 8 should say.

    Args:
        piece: A rendered piece.
        spec: Of detection or segmentation.

    Returns:
        (cells, K) of 0 and 1; detection adds four distances to the sides of the box in
        pixels, not a number where a cell answers for none.
    """
    count = len(spec.classes)
    rows, columns = (s // CELL_STRIDE for s in piece.pixels.shape[:2])
    if spec.task == "segmentation":
        cells = piece.mask_hw.reshape(rows, CELL_STRIDE, columns, CELL_STRIDE)
        shares = [(cells == k + 1).mean(axis=(1, 3)) >= 0.25 for k in range(count)]
        return np.stack(shares, axis=-1).reshape(-1, count).astype(np.float32)
    ys = np.repeat((np.arange(rows) + 0.5) * CELL_STRIDE, columns)
    xs = np.tile((np.arange(columns) + 0.5) * CELL_STRIDE, rows)
    truth = np.full((rows * columns, count + 4), np.nan, dtype=np.float32)
    truth[:, :count] = 0
    for (x1, y1, x2, y2), kind in zip(piece.boxes_xyxy, piece.box_classes, strict=True):
        off_x = np.abs(xs - (x1 + x2) / 2) / (max(x2 - x1, CELL_STRIDE / _INNER) / 2)
        off_y = np.abs(ys - (y1 + y2) / 2) / (max(y2 - y1, CELL_STRIDE / _INNER) / 2)
        inner = np.maximum(off_x, off_y) <= _INNER
        sides = np.stack([xs - x1, ys - y1, x2 - xs, y2 - ys], axis=1)
        truth[inner, kind] = 1
        truth[inner, count:] = sides[inner]
    return truth


def _balance(wanted: Rows) -> Rows:
    """Weights by which every class, and the background, counts alike up to a factor."""
    kinds = np.where(wanted.sum(1) > 0, wanted.argmax(1), wanted.shape[1])
    counts = np.bincount(kinds, minlength=wanted.shape[1] + 1)
    return np.asarray(1 / np.sqrt(np.maximum(counts[kinds], 1)))


def _sharpness(left_out: Rows, wanted: Rows, spec: InspectorSpec) -> float:
    """The factor on the values that makes probabilities fit the left-out rows best."""
    errors = []
    for factor in _SHARPNESS:
        if spec.task == "classification":
            logits = left_out * factor
            logits = logits - logits.max(axis=1, keepdims=True)
            logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
            errors.append(-(wanted * logs).sum(axis=1).mean())
        else:
            logits = (left_out - 0.5) * factor
            errors.append((np.logaddexp(0, logits) - wanted * logits).mean())
    return float(_SHARPNESS[int(np.argmin(errors))])
