"""Linear maps on frozen features, solved in closed form.

The strength of regularization is the one with the least leave-one-out error, which ridge
regression gives without refitting.

Source: Allen, "The relationship between variable selection and data augmentation and a
method for prediction" (PRESS), 1974.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pitmark.core.inspector import InspectorSpec
from pitmark.train.augment import Piece
from pitmark.train.batches import collate
from pitmark.train.classify import ClassifyHead
from pitmark.train.dataset import SceneCache
from pitmark.train.linear import LinearHead
from pitmark.train.network import Network
from pitmark.train.plain_pieces import cell_truth, plain_pieces
from pitmark.train.side_by_side import side_by_side
from pitmark.train.whole_image import image_vector, vector_scale

_STRENGTHS = 10.0 ** np.arange(-3, 5)
_SHARPNESS = 2.0 ** np.arange(0, 6)
_NORM_IMAGES = 64
_MOST_ROWS = 20_000
# Of a wide backbone fewer rows fit: a matrix of rows holds at most so many numbers.
_MOST_VALUES = 16_000_000
# An image as a whole is one row: more of them bring little.
_MOST_IMAGES = 2000
# A feature that hardly varies is not stretched beyond this share of the usual spread.
_LEAST_SPREAD = 0.01

Rows = NDArray[np.float64]


@torch.no_grad()
def settle_norms(network: Network, cache: SceneCache, spec: InspectorSpec) -> None:
    """Fit the norms of a backbone to the images.

    Without it, depth only blurs in a random backbone, and behind a block that was left
    out a pretrained norm meets values of another scale.

    Args:
        network: Changed in place.
        cache: The scenes.
        spec: What to learn.
    """
    norms = [m for m in network.backbone.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
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
    along, squares, axes = _principal(x)
    seen, energy = along.T @ y, along**2
    for strength in _STRENGTHS * max(float(squares.max(initial=0.0)), 1e-9) / 1e4:
        shrunk = 1 / (squares + strength)
        hat = np.clip(energy @ shrunk + share / share.sum(), 0, 1 - 1e-6)
        solved = shrunk[:, None] * seen
        gap = (y - along @ solved) / (1 - hat)[:, None]
        error = float((gap**2).mean())
        if error < least:
            least = error
            left_out = wanted - gap / np.maximum(root, 1e-9)
            best = Ridge(axes @ solved, offset, left_out, strength)
    assert best is not None
    return best


def _principal(rows: Rows) -> tuple[Rows, Rows, Rows]:
    """Rows along their principal axes (N, R), the squared lengths (R,), the axes (D, R)."""
    if len(rows) < rows.shape[1]:
        left, values, right = np.linalg.svd(rows, full_matrices=False)
        return left * values, values**2, right.T
    # Of many rows the products of columns are a small matrix. Its square roots are less
    # exact than singular values, by far less than the least regularization.
    squares, axes = np.linalg.eigh(rows.T @ rows)
    return rows @ axes, np.maximum(squares, 0), axes


@dataclass(frozen=True, slots=True)
class Solution:
    """A linear map on features as they come.

    `center` and `spread` (D,) standardize them, `matrix` (D, M) and `offset` (M,) give
    values; `sharpness` times values are logits.
    """

    center: Rows
    spread: Rows
    matrix: Rows
    offset: Rows
    sharpness: float


def solve(network: Network, cache: SceneCache, spec: InspectorSpec, *, seed: int) -> Solution:
    """The best linear map from the frozen features of a network.

    Args:
        network: With a linear head or one for classification; not changed.
        cache: The scenes.
        spec: What to learn.
        seed: Decides which cells are used where there are too many.

    Returns:
        The map; K columns, and four more for the sides of boxes.
    """
    rows, wanted = _gather(network, cache, spec, seed=seed)
    center, spread = _spread(network, rows, spec)
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
    return Solution(center, spread, matrix, offset, sharpness)


def fill(head: LinearHead, found: Solution) -> None:
    """Put a solution into a head.

    Args:
        head: Changed in place.
        found: The solution.
    """
    for target, value in (
        (head.center, found.center),
        (head.spread, found.spread),
        (head.matrix, found.matrix),
        (head.offset, found.offset),
        (head.sharpness, np.array(found.sharpness)),
    ):
        target.copy_(torch.from_numpy(np.asarray(value, dtype=np.float32)))


def standardize(network: Network, cache: SceneCache, spec: InspectorSpec, *, seed: int) -> None:
    """Let a head for classification see vectors of length 1 before it is trained.

    Args:
        network: Changed in place; it stays in its mode.
        cache: The scenes.
        spec: What to learn.
        seed: Decides which images are looked at where there are many.
    """
    head, training = network.head, network.training
    assert isinstance(head, ClassifyHead)
    network.eval()
    with torch.no_grad():
        rows, _ = _gather(network, cache, spec, seed=seed)
        center, spread = _spread(network, rows, spec)
        head.center.copy_(torch.from_numpy(center.astype(np.float32)))
        head.scale.copy_(torch.from_numpy((1 / spread).astype(np.float32)))
    network.train(training)


def _spread(network: Network, rows: Rows, spec: InspectorSpec) -> tuple[Rows, Rows]:
    """What to subtract from features, and to divide them by."""
    center, spread = rows.mean(0), rows.std(0)
    spread = np.maximum(spread, _LEAST_SPREAD * np.median(spread) + 1e-6)
    if spec.task == "classification":
        spread = spread / vector_scale(network.backbone.widths).numpy()
    return center, spread


def _gather(
    network: Network, cache: SceneCache, spec: InspectorSpec, *, seed: int
) -> tuple[Rows, Rows]:
    """Features and targets: of images, or of cells with as many defects as can be had."""
    rng = np.random.default_rng(seed)
    whole = spec.task == "classification"
    most = min(_MOST_ROWS, _MOST_VALUES // sum(network.backbone.widths))
    places = rng.permutation(len(cache))[: _MOST_IMAGES if whole else None].tolist()
    limit = max(16, most // len(cache))
    rows, wanted = [], []

    def described(piece: Piece) -> tuple[Piece, NDArray[np.float32]]:
        return piece, _described(network, collate([piece], spec.preprocess).images)

    pieces = (p for position in sorted(places) for p in plain_pieces(cache[position], spec))
    for piece, features in side_by_side(described, pieces):
        if whole:
            rows.append(features)
            wanted.append(np.eye(len(spec.classes))[[piece.label]])
            continue
        truth = cell_truth(piece, spec)
        bad = np.flatnonzero(truth[:, : len(spec.classes)].sum(1) > 0)
        fine = np.flatnonzero(truth[:, : len(spec.classes)].sum(1) == 0)
        picked = np.concatenate(
            [rng.permutation(bad)[: limit // 2], rng.permutation(fine)[: limit // 2]]
        )
        rows.append(features[picked])
        wanted.append(truth[picked])
    keep = rng.permutation(sum(map(len, rows)))[:most]
    return (
        np.concatenate(rows).astype(np.float64)[keep],
        np.concatenate(wanted).astype(np.float64)[keep],
    )


@torch.no_grad()
def _described(network: Network, images: Tensor) -> NDArray[np.float32]:
    """(1, D) for the image as a whole, or (cells, D)."""
    features = network.backbone(images)
    if isinstance(network.head, LinearHead) and network.head.task != "classification":
        cells = network.head.cells(features).permute(0, 2, 3, 1).flatten(0, 2)
        return np.asarray(cells.numpy())
    return np.asarray(image_vector(features, images).numpy())


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
