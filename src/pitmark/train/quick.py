"""A first model in seconds: frozen features and ridge regression in closed form.

Classification answers for the whole image, segmentation for every cell of stride 8;
detection also regresses the sides of the box of every cell, and anomaly detection is the
memory of good features without the trained map.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.records import LabeledImage, PixelLoader
from pitmark.train.backbone import load_weights
from pitmark.train.closed_form import fill, settle_norms, solve
from pitmark.train.dataset import SceneCache, usable
from pitmark.train.linear import LinearHead
from pitmark.train.model import TrainedModel
from pitmark.train.network import Network, NetworkPlan, starting_point
from pitmark.train.normality import finish_anomaly, held_out
from pitmark.train.precision import limited_threads
from pitmark.train.settings import TrainSettings


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
        InvalidInputError: The spec asks to compare with references.
    """
    if spec.reference:
        raise InvalidInputError(
            "the quick first model compares with no reference images",
            hint="Plan it with the setting reference false.",
        )
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
        blocks=begin.blocks(settings.network),
        quick=True,
        backbone=begin.backbone,
    )
    network = Network(plan, seed=settings.seed)
    weights = begin.weights
    if weights is not None:
        load_weights(network.backbone, weights)
    network.eval()
    cache = SceneCache(chosen, load, spec)
    with limited_threads(settings.threads), torch.no_grad():
        if weights is None or begin.prunes(network):
            settle_norms(network, cache, spec)
        if spec.task == "anomaly":
            spare = held_out(chosen, settings.seed)
            learned = [i for i in chosen if i not in spare]
            finish_anomaly(network, learned, spare, load=load, spec=spec, seed=settings.seed)
        else:
            head = network.head
            assert isinstance(head, LinearHead)
            fill(head, solve(network, cache, spec, seed=settings.seed))
    return TrainedModel(spec, network)
