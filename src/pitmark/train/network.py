"""The whole network of a task: backbone and head, with the outputs that are agreed on.

What each task gives is stated in `core.assemble`; a plan says how a network is built,
so that a file of weights can be turned into a network again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from pitmark.core.assemble import OUTPUT_NAMES
from pitmark.core.errors import InvalidInputError
from pitmark.core.labels import Task
from pitmark.train.anomaly import MEMORY_SIZE, AnomalyHead
from pitmark.train.backbone import (
    Backbone,
    init_weights,
    initial_weights,
    load_weights,
    pyramid_part,
)
from pitmark.train.classify import ClassifyHead
from pitmark.train.detect import DetectHead
from pitmark.train.linear import LinearHead
from pitmark.train.neck import load_pyramid
from pitmark.train.reference import ReferenceFusion
from pitmark.train.resnet import ResNet, ResNetName, our_names, recognize
from pitmark.train.segment import SegmentHead
from pitmark.train.settings import BLOCKS, NetworkSize
from pitmark.train.targets import Batch

BackboneName = Literal["narrow", ResNetName]
Head = ClassifyHead | DetectHead | SegmentHead | AnomalyHead | LinearHead


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """How a network is built.

    `classes` is the number of classes K. `blocks` is the depth of the narrow backbone;
    `backbone` names another one. `fine` lets detection look at stride 4. `quick` takes
    the closed-form heads of the first model. `memory_size` is that of anomaly detection.
    `reference` compares every image with a reference.
    """

    task: Task
    classes: int
    blocks: int = 2
    fine: bool = False
    quick: bool = False
    memory_size: int = MEMORY_SIZE
    backbone: BackboneName = "narrow"
    reference: bool = False

    def __post_init__(self) -> None:
        known = ("narrow", *get_args(ResNetName))
        if self.backbone not in known:
            raise InvalidInputError(
                f"there is no backbone {self.backbone!r}", hint=f"Known: {', '.join(known)}."
            )

    @property
    def size(self) -> str:
        """Standard or small, or the name of a borrowed backbone."""
        if self.backbone != "narrow":
            return self.backbone
        return next((n for n, b in BLOCKS.items() if b == self.blocks), f"{self.blocks} blocks")

    def to_json(self) -> dict[str, Any]:
        """The plan as plain JSON types."""
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> NetworkPlan:
        """The plan that `to_json` wrote.

        Args:
            data: The JSON object.

        Returns:
            The plan.

        Raises:
            InvalidInputError: A key is missing, unknown or of the wrong type.
        """
        try:
            return NetworkPlan(**data)
        except TypeError as exc:
            raise InvalidInputError(f"not a network plan: {exc}") from exc


class Network(nn.Module):
    """Backbone and head of one task.

    Args:
        plan: How to build it; weights are fresh and depend on `seed` alone.
        seed: Of the weights.
    """

    def __init__(self, plan: NetworkPlan, *, seed: int = 0) -> None:
        super().__init__()
        self.plan = plan
        self.backbone = build_backbone(plan.backbone, blocks=plan.blocks)
        self.head: Head = _build_head(plan, self.backbone.widths)
        self.fusion = ReferenceFusion(self.backbone.widths) if plan.reference else None
        init_weights(self, seed=seed)
        dense = _dense_part(self.head)
        if dense is not None:
            dense.reset_prior()
        if self.fusion is not None:
            self.fusion.reset()
        # Convolutions are faster so, on what is looked at and on weights.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, images: Tensor, references: Tensor | None = None) -> dict[str, Tensor]:
        """(B, 3, H, W) to the outputs named in `core.assemble.OUTPUT_NAMES`."""
        features, seen = self._features(images, references)
        raw = self._raw(seen, images)
        found = (
            self.head.outputs(raw, images)
            if isinstance(self.head, AnomalyHead)
            else self.head.outputs(raw)
        )
        found["embedding"] = pooled(features)
        return {name: found[name] for name in OUTPUT_NAMES[self.plan.task]}

    def _raw(self, features: list[Tensor], images: Tensor) -> dict[str, Tensor]:
        """What the head says; those that judge the image as a whole see it themselves."""
        whole = isinstance(self.head, ClassifyHead | LinearHead)
        raw: dict[str, Tensor] = self.head(features, images) if whole else self.head(features)
        return raw

    def loss(self, batch: Batch, progress: float) -> Tensor:
        """How far the network is from the truth.

        Args:
            batch: Patches and truth.
            progress: Share of the training done.

        Returns:
            A scalar.
        """
        assert not isinstance(self.head, LinearHead)
        seen = self._features(batch.images, batch.references)[1]
        raw = self._raw(seen, batch.images)
        with torch.autocast(batch.images.device.type, enabled=False):
            return self.head.loss({k: v.float() for k, v in raw.items()}, batch, progress)

    def _features(
        self, images: Tensor, references: Tensor | None
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Features of the images, and what the head sees of them."""
        if self.fusion is None:
            features = self.backbone(images)
            return features, features
        assert references is not None
        # In one pass, so that norms and int8 ranges are the same for both pictures.
        both = self.backbone(torch.cat([images, references]))
        pairs = [f.unflatten(0, (2, -1)) for f in both]
        features = [p[0] for p in pairs]
        return features, self.fusion(features, [p[1] for p in pairs])


def build_backbone(name: BackboneName, *, blocks: int = 2) -> Backbone | ResNet:
    """A backbone by its name; its weights are not set.

    Args:
        name: Which.
        blocks: Residual blocks a stage of the narrow one.

    Returns:
        The module.
    """
    return Backbone(blocks) if name == "narrow" else ResNet(name)


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """Weights by our names and the backbone they belong to; None stands for random ones."""

    backbone: BackboneName
    weights: dict[str, Tensor] | None

    def blocks(self, size: NetworkSize) -> int:
        """Residual blocks a stage of the network to train.

        Args:
            size: Of the network that is wanted.

        Returns:
            The depth of the narrow backbone; a ResNet has its own.

        Raises:
            InvalidInputError: A small network is wanted of a ResNet.
        """
        if size == "small" and self.backbone != "narrow":
            raise InvalidInputError(
                f"there is no small network of a {self.backbone}",
                hint="Start the small network from the shipped weights or from a file that"
                " Pitmark wrote, or train the standard one.",
            )
        return BLOCKS[size]

    def prunes(self, network: Network) -> bool:
        """Whether a network takes only some blocks of these weights.

        Args:
            network: Built for this backbone.

        Returns:
            True where blocks are left out, so that what follows them sees other values
            than in pretraining.
        """
        kept = network.backbone.state_dict()
        return any(n.startswith("stages.") and n not in kept for n in self.weights or ())

    def put_into(self, network: Network) -> None:
        """Give a network these weights: its backbone, and its pyramid where they have one.

        Args:
            network: Built for this backbone; changed in place.

        Raises:
            InvalidInputError: A tensor is missing or has another shape.
        """
        if self.weights is None:
            return
        load_weights(network.backbone, self.weights)
        pyramid = pyramid_part(self.weights)
        dense = _dense_part(network.head)
        if pyramid and dense is not None:
            load_pyramid(dense.pyramid, pyramid)


def starting_point(init: Path | Literal["random"] | None = None) -> StartingPoint:
    """What training starts from, and with which backbone.

    Args:
        init: A safetensors file of Pitmark or of a ResNet as torchvision names it,
            "random", or None for the shipped weights where there are any.

    Returns:
        The backbone that suits the file, and its weights.

    Raises:
        NotFoundError: The file does not exist.
        InvalidInputError: It is no safetensors file, or of an unknown ResNet.
    """
    if init == "random":
        return StartingPoint("narrow", None)
    weights = initial_weights(init)
    if weights is None:
        return StartingPoint("narrow", None)
    named = our_names(weights)
    return StartingPoint(recognize(named) or "narrow", named)


def _dense_part(head: Head) -> DetectHead | SegmentHead | None:
    """What of a head looks at every place of the image, if it is trained."""
    if isinstance(head, AnomalyHead):
        return head.segment
    return head if isinstance(head, DetectHead | SegmentHead) else None


def _build_head(plan: NetworkPlan, widths: tuple[int, int, int, int]) -> Head:
    if plan.task == "anomaly":
        return AnomalyHead(widths, memory_size=plan.memory_size, trained=not plan.quick)
    if plan.quick:
        return LinearHead(widths, plan.classes, task=plan.task)
    if plan.task == "classification":
        return ClassifyHead(widths, plan.classes)
    if plan.task == "detection":
        return DetectHead(widths, plan.classes, fine=plan.fine)
    return SegmentHead(widths, plan.classes)


def pooled(features: list[Tensor]) -> Tensor:
    """The image as one vector: mean of the two coarse stages.

    Args:
        features: From the backbone.

    Returns:
        (B, widths[2] + widths[3]) float32.
    """
    return torch.cat([f.mean((2, 3)) for f in features[2:]], dim=1).float()
