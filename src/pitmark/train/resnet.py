"""A user's own backbone: ResNet-18, 34 or 50 trained on ImageNet.

Nothing is fetched: the weights come from a safetensors file with the tensor names of
torchvision (`layer1.0.conv1.weight` ...), as the user saved it. The network takes
patches as every network of Pitmark does and brings them to the scale of ImageNet itself.

Source: He et al., "Deep residual learning for image recognition", 2016; as in
torchvision, a bottleneck steps in its 3x3 convolution.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from pitmark.core.errors import InvalidInputError
from pitmark.core.preprocess import PreprocessSpec
from pitmark.train.backbone import Block, ConvNorm

ResNetName = Literal["resnet18", "resnet34", "resnet50"]

_MEAN_RGB = (0.485, 0.456, 0.406)
_STD_RGB = (0.229, 0.224, 0.225)
_FIRST_CONVOLUTION = (64, 3, 7, 7)
_PARTS = {"1": "first", "2": "second", "3": "third"}
_IN_BLOCK = re.compile(r"layer([1-4])\.(\d+)\.(?:(conv|bn)([123])|downsample\.([01]))\.(\w+)")
_IN_STEM = re.compile(r"(conv1|bn1)\.(\w+)")


@dataclass(frozen=True, slots=True)
class _Shape:
    blocks: tuple[int, int, int, int]
    widths: tuple[int, int, int, int]
    narrow: bool = False


SHAPES: Mapping[ResNetName, _Shape] = {
    "resnet18": _Shape((2, 2, 2, 2), (64, 128, 256, 512)),
    "resnet34": _Shape((3, 4, 6, 3), (64, 128, 256, 512)),
    "resnet50": _Shape((3, 4, 6, 3), (256, 512, 1024, 2048), narrow=True),
}


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions around a shortcut, a quarter as wide in the middle."""

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1) -> None:
        super().__init__()
        middle = outputs // 4
        self.first = ConvNorm(inputs, middle, kernel=1)
        self.second = ConvNorm(middle, middle, stride=stride)
        self.third = ConvNorm(middle, outputs, kernel=1, active=False)
        same = stride == 1 and inputs == outputs
        self.shortcut: nn.Module = (
            nn.Identity()
            if same
            else ConvNorm(inputs, outputs, kernel=1, stride=stride, active=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        return torch.relu(self.third(self.second(self.first(x))) + self.shortcut(x))


class ResNet(nn.Module):
    """Images to features at strides 4, 8, 16 and 32, like `backbone.Backbone`.

    Args:
        name: Which one.
    """

    gain: Tensor
    shift: Tensor

    def __init__(self, name: ResNetName) -> None:
        super().__init__()
        shape = SHAPES[name]
        self.widths = shape.widths
        # Patches come as (x - mean) / std of x in [0, 1].
        usual = PreprocessSpec((32, 32), overlap_px=0)
        mean, std = torch.tensor(_MEAN_RGB), torch.tensor(_STD_RGB)
        self.register_buffer("gain", (usual.std / std)[:, None, None], persistent=False)
        self.register_buffer(
            "shift", ((usual.mean - mean) / std)[:, None, None], persistent=False
        )
        self.stem = nn.Sequential(ConvNorm(3, 64, kernel=7, stride=2), nn.MaxPool2d(3, 2, 1))
        self.stages = nn.ModuleList()
        inputs = 64
        for position, (count, width) in enumerate(zip(shape.blocks, shape.widths, strict=True)):
            blocks: list[nn.Module] = []
            for number in range(count):
                stride = 2 if position > 0 and number == 0 else 1
                kind = Bottleneck if shape.narrow else Block
                blocks.append(kind(inputs, width, stride=stride))
                inputs = width
            self.stages.append(nn.Sequential(*blocks))

    def forward(self, images: Tensor) -> list[Tensor]:
        """(B, 3, H, W) to four feature maps (B, widths[i], H / s, W / s), s = 4 .. 32."""
        features = []
        x = self.stem(images * self.gain + self.shift)
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features


def our_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under the names of this module; those of the classifier are left out.

    Args:
        tensors: By the names of torchvision, or already by ours.

    Returns:
        Tensors by name as `ResNet` names them; names of neither kind stay.
    """
    renamed = {_our_name(name): tensor for name, tensor in tensors.items()}
    return {k: v for k, v in renamed.items() if not k.startswith("fc.")}


def _our_name(name: str) -> str:
    if found := _IN_STEM.fullmatch(name):
        layer, what = found.groups()
        return f"stem.0.{0 if layer == 'conv1' else 1}.{what}"
    if found := _IN_BLOCK.fullmatch(name):
        stage, block, layer, part, shortcut, what = found.groups()
        where = "shortcut" if shortcut else _PARTS[part]
        position = shortcut or ("0" if layer == "conv" else "1")
        return f"stages.{int(stage) - 1}.{block}.{where}.{position}.{what}"
    return name


def recognize(tensors: Mapping[str, Tensor]) -> ResNetName | None:
    """Which ResNet some weights belong to.

    Args:
        tensors: By our names, see `our_names`.

    Returns:
        Its name, or None where the weights do not begin like those of a ResNet.

    Raises:
        InvalidInputError: They begin like one, but it is none of the three.
    """
    first = tensors.get("stem.0.0.weight")
    if first is None or first.shape != _FIRST_CONVOLUTION:
        return None
    blocks = tuple(_count(tensors, stage) for stage in range(4))
    last = tensors.get("stages.3.0.third.0.weight", tensors.get("stages.3.0.second.0.weight"))
    width = 0 if last is None else last.shape[0]
    for name, shape in SHAPES.items():
        if (shape.blocks, shape.widths[3]) == (blocks, width):
            return name
    raise InvalidInputError(
        f"a ResNet with {blocks} blocks and {width} channels is not known",
        hint=f"Known are {', '.join(SHAPES)} as torchvision defines them.",
    )


def _count(tensors: Mapping[str, Tensor], stage: int) -> int:
    prefix = f"stages.{stage}."
    return len({k.removeprefix(prefix).split(".")[0] for k in tensors if k.startswith(prefix)})
