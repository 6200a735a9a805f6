"""The last step of anomaly detection: remember good images, and learn what is usual.

A share of the good images is held out from training. They set the scale of the scores,
so that a threshold means deviations above good images that the network has not seen;
afterwards they join the memory.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from pitmark.core.inspector import InspectorSpec
from pitmark.core.preprocess import cut
from pitmark.core.records import LabeledImage, PixelLoader
from pitmark.train.anomaly import (
    AnomalyHead,
    calibrate,
    fill_memory,
    set_whitening,
    shown_cells,
)
from pitmark.train.network import Network

_SHARE = 0.2
_LEAST_IMAGES = 4
_MOST_HELD_OUT = 24
# Numbers held at once: 200,000 cells of the narrow backbone, fewer of a wider one.
_MOST_VALUES = 38_400_000


def held_out(images: Sequence[LabeledImage], seed: int) -> list[LabeledImage]:
    """Good images that are kept from training, to measure what is usual.

    Args:
        images: Good images.
        seed: Another seed holds out others.

    Returns:
        About a fifth of them, whole groups; none where there are fewer than four groups.
    """
    groups = sorted({i.image.group_key for i in images})
    if len(groups) < _LEAST_IMAGES:
        return []
    order = np.random.default_rng(seed).permutation(len(groups))
    wanted = min(_MOST_HELD_OUT, max(1, round(len(images) * _SHARE)))
    out: list[LabeledImage] = []
    for position in order:
        if len(out) >= wanted:
            break
        out += [i for i in images if i.image.group_key == groups[position]]
    return out


def finish_anomaly(
    network: Network,
    learned: Sequence[LabeledImage],
    spare: Sequence[LabeledImage],
    *,
    load: PixelLoader,
    spec: InspectorSpec,
    seed: int = 0,
) -> None:
    """Fill the memory of a network and set the scale of its scores.

    Args:
        network: For anomaly detection, changed in place.
        learned: Good images it was trained on.
        spare: Good images it was not; where there are none, `learned` must do.
        load: Gives pixels.
        spec: Of the model.
        seed: Decides which cells are considered first.
    """
    head = network.head
    assert isinstance(head, AnomalyHead)
    network.eval()
    with torch.no_grad():
        most_cells = _MOST_VALUES // len(head.mean)
        limit = most_cells // max(1, len(learned) + len(spare))
        cells = [good_cells(network, i, load, spec, limit=limit) for i in learned]
        set_whitening(head, np.concatenate(cells))
        fill_memory(head, np.concatenate(cells), seed=seed)
        raws, shown = [], []
        for image in spare or learned:
            for patch in _patches(image, load, spec):
                raw = head(network.backbone(patch))
                raws.append(raw)
                shown.append(shown_cells(patch))
        calibrate(head, raws, shown)
        if spare:
            cells += [good_cells(network, i, load, spec, limit=limit) for i in spare]
            fill_memory(head, np.concatenate(cells), seed=seed)


def _patches(image: LabeledImage, load: PixelLoader, spec: InspectorSpec) -> list[Tensor]:
    """The patches of an image, one by one as batches of one."""
    data = torch.from_numpy(cut(load(image.image.sha256), spec.preprocess).data)
    return [data[i : i + 1] for i in range(len(data))]


def good_cells(
    network: Network,
    image: LabeledImage,
    load: PixelLoader,
    spec: InspectorSpec,
    *,
    limit: int,
) -> NDArray[np.float32]:
    """Described cells of one good image, without padding.

    Args:
        network: For anomaly detection.
        image: The image.
        load: Gives pixels.
        spec: Of the model.
        limit: How many at most; evenly spread.

    Returns:
        (N, C).
    """
    head = network.head
    assert isinstance(head, AnomalyHead)
    found = []
    for patch in _patches(image, load, spec):
        described = head.describe(network.backbone(patch)).float()
        shown = functional.max_pool2d(shown_cells(patch), 2)[:, 0] > 0
        found.append(described.permute(0, 2, 3, 1)[shown].numpy())
    cells = np.concatenate(found)
    picked = np.linspace(0, len(cells) - 1, min(len(cells), max(1, limit))).astype(int)
    return np.asarray(cells[picked], dtype=np.float32)
