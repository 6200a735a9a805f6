"""The narrow dense residual network that every task stands on.

Two stride-2 stem convolutions, then four stages of 32/64/128/256 channels. With two
blocks a stage (R18w32) it has 2.8 million parameters, with one (R10w32) 1.2 million.
Dense 3x3 convolutions, because CPUs run them, also in int8, faster than depthwise ones.

Source: He et al., "Deep residual learning for image recognition", 2016 (the blocks).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from pitmark.core.errors import InvalidInputError, NotFoundError

WIDTHS: tuple[int, int, int, int] = (32, 64, 128, 256)
# Such files are pickled: reading one runs the code in it.
_PICKLED = (".pt", ".pth", ".ckpt", ".pkl", ".bin")
_PYRAMID = "pyramid."
SHIPPED_WEIGHTS = Path(__file__).parent / "weights" / "backbone.safetensors"


class ConvNorm(nn.Sequential):
    """Convolution and batch norm, followed by a ReLU where `active`."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        kernel: int = 3,
        stride: int = 1,
        active: bool = True,
    ) -> None:
        layers: list[nn.Module] = [
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(outputs),
        ]
        super().__init__(*layers, *([nn.ReLU(inplace=True)] if active else []))


class Block(nn.Module):
    """Two 3x3 convolutions around a shortcut."""

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1) -> None:
        super().__init__()
        self.first = ConvNorm(inputs, outputs, stride=stride)
        self.second = ConvNorm(outputs, outputs, active=False)
        same = stride == 1 and inputs == outputs
        self.shortcut: nn.Module = (
            nn.Identity()
            if same
            else ConvNorm(inputs, outputs, kernel=1, stride=stride, active=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        return torch.relu(self.second(self.first(x)) + self.shortcut(x))


class Backbone(nn.Module):
    """Images to features at strides 4, 8, 16 and 32.

    Args:
        blocks: Residual blocks a stage: 2 (R18w32) or 1 (R10w32).
        widths: Channels of the four stages.
    """

    def __init__(self, blocks: int = 2, *, widths: tuple[int, int, int, int] = WIDTHS) -> None:
        super().__init__()
        self.widths = widths
        self.stem = nn.Sequential(
            ConvNorm(3, widths[0] // 2, stride=2), ConvNorm(widths[0] // 2, widths[0], stride=2)
        )
        self.stages = nn.ModuleList()
        inputs = widths[0]
        for position, width in enumerate(widths):
            first = Block(inputs, width, stride=1 if position == 0 else 2)
            rest = [Block(width, width) for _ in range(blocks - 1)]
            self.stages.append(nn.Sequential(first, *rest))
            inputs = width

    def forward(self, images: Tensor) -> list[Tensor]:
        """(B, 3, H, W) to four feature maps (B, widths[i], H / s, W / s), s = 4 .. 32."""
        features = []
        x = self.stem(images)
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features


def init_weights(module: nn.Module, *, seed: int) -> None:
    """Fresh random weights for all convolutions, norms and linear layers of a module.

    Args:
        module: Changed in place.
        seed: The same seed gives the same weights.
    """
    generator = torch.Generator().manual_seed(seed)
    for part in module.modules():
        if isinstance(part, nn.Conv2d) and part.bias is None:
            nn.init.kaiming_normal_(
                part.weight, mode="fan_out", nonlinearity="relu", generator=generator
            )
        elif isinstance(part, nn.Conv2d):
            # Only last layers have a bias: they start undecided.
            nn.init.normal_(part.weight, std=0.01, generator=generator)
            assert part.bias is not None
            nn.init.zeros_(part.bias)
        elif isinstance(part, nn.Linear):
            nn.init.normal_(part.weight, std=0.01, generator=generator)
            nn.init.zeros_(part.bias)
        elif isinstance(part, nn.BatchNorm2d):
            part.reset_parameters()
            part.reset_running_stats()


def initial_weights(path: Path | None = None) -> dict[str, Tensor] | None:
    """Weights to start a backbone from: a user's file, the shipped ones, or none.

    Args:
        path: A safetensors file of a backbone or of a whole trained model.

    Returns:
        Tensors by the names in the file, "backbone." left out, in float32; those of a
        pretrained pyramid begin with "pyramid.". None where there is no shipped file.

    Raises:
        NotFoundError: The user's file does not exist.
        InvalidInputError: It is no safetensors file.
    """
    if path is not None and path.suffix.lower() in _PICKLED:
        raise InvalidInputError(
            f"{path.name} is a pickled file, and reading one could run any code",
            hint="Convert it where you trust it: safetensors.torch.save_file("
            f"torch.load({path.name!r}, weights_only=True), 'backbone.safetensors')",
        )
    chosen = path or SHIPPED_WEIGHTS
    if not chosen.is_file():
        if path is None:
            return None
        raise NotFoundError(f"no weights at {path}", hint="Give a .safetensors file.")
    try:
        tensors = load_file(chosen)
    except SafetensorError as exc:
        raise InvalidInputError(f"{chosen.name} is not a safetensors file: {exc}") from exc
    prefix = "backbone."
    nested = {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}
    if nested:
        nested |= {k: v for k, v in tensors.items() if k.startswith(_PYRAMID)}
    return {
        k: v.float() if v.is_floating_point() else v for k, v in (nested or tensors).items()
    }


def pyramid_part(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a pretrained pyramid, by the names of the pyramid.

    Args:
        weights: From `initial_weights`.

    Returns:
        Empty where the file had no pyramid.
    """
    return {k.removeprefix(_PYRAMID): v for k, v in weights.items() if k.startswith(_PYRAMID)}


def load_weights(backbone: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Put weights into a backbone; a network of one block a stage takes the first ones.

    Args:
        backbone: Changed in place.
        weights: By the names of the backbone.

    Raises:
        InvalidInputError: A tensor is missing or has another shape.
    """
    wanted = backbone.state_dict()
    for name, tensor in wanted.items():
        if name.endswith("num_batches_tracked"):
            continue
        if name not in weights or weights[name].shape != tensor.shape:
            found = tuple(weights[name].shape) if name in weights else "nothing"
            raise InvalidInputError(
                f"the initial weights do not fit: {name} must be {tuple(tensor.shape)},"
                f" found {found}",
                hint="Start from a file that Pitmark wrote, from a ResNet-18, 34 or 50 as"
                " torchvision names its tensors, or without initial weights.",
            )
    backbone.load_state_dict({n: weights.get(n, t) for n, t in wanted.items()})
