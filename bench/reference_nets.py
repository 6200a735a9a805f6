"""Networks that the shipped backbone is measured against; nothing here is ever shipped.

Each gives feature maps of three strides from (B, 3, H, W) RGB in [0, 1].
"""

# ruff: noqa: TID253 - torch is what is measured here
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from pitmark.train.backbone import Backbone, load_weights
from pitmark.train.resnet import ResNet
from pitmark.train.whole_image import image_vector

# What the networks were trained with.
_CAFFE_MEAN_BGR = (104.0, 117.0, 123.0)
_TRIAL_MEAN, _TRIAL_STD = 0.45, 0.25
_OUR_MEAN, _OUR_STD = 0.5, 0.25
_TRIAL_NAMES = {"a": "first", "b": "second", "d": "shortcut"}


class SqueezeNet(nn.Module):
    """SqueezeNet v1.0 from Caffe arrays: no padding in the stem, pools that round up.

    Source: Iandola et al., "SqueezeNet", 2016.

    Args:
        arrays: `conv1/w`, `fire2/squeeze1x1/b` and so on.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        super().__init__()
        for name, array in arrays.items():
            self.register_buffer(name, torch.from_numpy(np.asarray(array)).float())

    def forward(self, rgb: Tensor) -> list[Tensor]:
        """Feature maps after fire4, fire8 and fire9: 256, 512 and 512 channels."""
        mean = torch.tensor(_CAFFE_MEAN_BGR).reshape(1, 3, 1, 1)
        x = rgb.flip(1) * 255 - mean
        x = self._conv("conv1", x, stride=2)
        out = []
        for number in range(2, 10):
            if number in (2, 5, 9):
                x = functional.max_pool2d(x, 3, 2, ceil_mode=True)
            x = self._fire(f"fire{number}", x)
            if number in (4, 8, 9):
                out.append(x)
        return out

    def _fire(self, name: str, x: Tensor) -> Tensor:
        x = self._conv(f"{name}/squeeze1x1", x)
        wide = self._conv(f"{name}/expand3x3", x, padding=1)
        return torch.cat([self._conv(f"{name}/expand1x1", x), wide], dim=1)

    def _conv(self, name: str, x: Tensor, *, stride: int = 1, padding: int = 0) -> Tensor:
        weight, bias = self.get_buffer(f"{name}/w"), self.get_buffer(f"{name}/b")
        return torch.relu(functional.conv2d(x, weight, bias, stride, padding))


class Normalized(nn.Module):
    """The last three stages of a backbone, fed with RGB in [0, 1]."""

    def __init__(self, backbone: nn.Module, *, mean: float, std: float) -> None:
        super().__init__()
        self.backbone, self.mean, self.std = backbone, mean, std

    def forward(self, rgb: Tensor) -> list[Tensor]:
        """Feature maps of strides 8, 16 and 32."""
        maps = self.backbone((rgb - self.mean) / self.std)
        return list(maps[1:])


class Pooled(nn.Module):
    """Feature maps to one vector: their means, then their maxima."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, rgb: Tensor) -> Tensor:
        """(B, D)."""
        maps = self.network(rgb)
        pooled = [f.mean((2, 3)) for f in maps] + [f.amax((2, 3)) for f in maps]
        return torch.cat(pooled, dim=1)


class WholeImage(nn.Module):
    """The vector on which our classification stands, with one of our backbones."""

    def __init__(self, backbone: Backbone | ResNet) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, rgb: Tensor) -> Tensor:
        """(B, D)."""
        images = (rgb - _OUR_MEAN) / _OUR_STD
        return image_vector(self.backbone(images), images)


class LightAlone(nn.Module):
    """The part of that vector that nobody has learned."""

    def forward(self, rgb: Tensor) -> Tensor:
        """(B, LIGHT)."""
        return image_vector([], (rgb - _OUR_MEAN) / _OUR_STD)


def squeezenet(file: Path) -> nn.Module:
    """The ImageNet SqueezeNet of an npz file."""
    with np.load(file) as arrays:
        return SqueezeNet(dict(arrays)).eval()


def trial_net(file: Path) -> nn.Module:
    """The backbone of the trial of procedural pretraining, from its npz file."""
    with np.load(file) as arrays:
        weights = {
            _our_name(k): torch.from_numpy(np.asarray(v)).float()
            for k, v in arrays.items()
            if k.startswith("bb.")
        }
    backbone = Backbone()
    load_weights(backbone, weights)
    return Normalized(backbone, mean=_TRIAL_MEAN, std=_TRIAL_STD).eval()


def _our_name(name: str) -> str:
    parts = name.removeprefix("bb.").split(".")
    if parts[0] == "st":
        parts = ["stages", parts[1], parts[2], _TRIAL_NAMES[parts[3]], *parts[4:]]
    return ".".join(parts)
