"""What a person may choose about training.

Nothing has to be chosen: the preset is the one dial.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pitmark.core.errors import InvalidInputError
from pitmark.core.label_book import GOOD_NAMES
from pitmark.core.labels import ImageClass, Shape
from pitmark.core.preprocess import PreprocessSpec

Preset = Literal["fast", "balanced", "thorough"]
Precision = Literal["auto", "fp32", "bf16"]
NetworkSize = Literal["standard", "small"]

# Side of a square of the area of a patch, in pixels.
PRESET_SIDE_PX: Mapping[str, int] = {"fast": 224, "balanced": 320, "thorough": 448}
# Residual blocks a stage of the network (R18w32 and R10w32).
BLOCKS: Mapping[NetworkSize, int] = {"standard": 2, "small": 1}
_IMAGE_STEPS: Mapping[str, int] = {"fast": 2000, "balanced": 4000, "thorough": 10000}


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """The choices of a training run; every default is meant to be kept.

    `preset` sets input size and `image_steps` (images shown to the
    network, repeats counted) unless those are given. `tile` forces or forbids cutting
    images into tiles. `threads` of None takes all cores. `init` is a file of weights to
    start from, or the word random; None takes the shipped weights. `good_names` are
    classes that mean "no defect" beside the usual names; only anomaly detection needs
    them. `precision` of auto takes bf16 where the processor has it. `network` of small
    halves the residual blocks, for devices on which every millisecond counts.
    `reference` asks to compare images with their references, or forbids it; None
    compares where every training image has one.
    """

    preset: Preset = "balanced"
    seed: int = 0
    input_wh: tuple[int, int] | None = None
    image_steps: int | None = None
    tile: bool | None = None
    threads: int | None = None
    init: Path | Literal["random"] | None = None
    good_names: tuple[str, ...] = ()
    precision: Precision = "auto"
    network: NetworkSize = "standard"
    reference: bool | None = None

    def __post_init__(self) -> None:
        if self.preset not in PRESET_SIDE_PX:
            raise InvalidInputError(
                f"unknown preset {self.preset!r}", hint=f"Presets: {', '.join(PRESET_SIDE_PX)}."
            )
        if self.precision not in ("auto", "fp32", "bf16"):
            raise InvalidInputError(
                f"unknown precision {self.precision!r}", hint="Use auto, fp32 or bf16."
            )
        if self.network not in BLOCKS:
            raise InvalidInputError(
                f"unknown network {self.network!r}", hint=f"Networks: {', '.join(BLOCKS)}."
            )
        for name in ("image_steps", "threads"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InvalidInputError(f"{name} must be at least 1, found {value}")
        if self.input_wh is not None:
            PreprocessSpec(self.input_wh, overlap_px=0)

    def to_json(self) -> dict[str, Any]:
        """The settings as plain JSON types."""
        return {
            **asdict(self),
            "input_wh": list(self.input_wh) if self.input_wh else None,
            "init": str(self.init) if self.init else None,
            "good_names": list(self.good_names),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> TrainSettings:
        """The settings that `to_json` wrote; keys left out take their defaults.

        Args:
            data: The JSON object.

        Returns:
            The settings.

        Raises:
            InvalidInputError: A key is unknown or of the wrong type.
        """
        try:
            values = dict(data)
            if values.get("input_wh") is not None:
                width, height = values["input_wh"]
                values["input_wh"] = (int(width), int(height))
            if values.get("init") not in (None, "random"):
                values["init"] = Path(values["init"])
            values["good_names"] = tuple(str(n) for n in values.get("good_names", ()))
            return TrainSettings(**values)
        except (TypeError, ValueError) as exc:
            raise InvalidInputError(f"not training settings: {exc}") from exc


def image_steps(settings: TrainSettings, image_count: int) -> int:
    """How many images are shown to the network in one run, repeats counted.

    Args:
        settings: The choices.
        image_count: Images to learn from.

    Returns:
        At least 1; grows slower than the number of images.
    """
    if settings.image_steps is not None:
        return settings.image_steps
    return round(_IMAGE_STEPS[settings.preset] * _growth(image_count))


def steps_for_more(steps: int, before: int, after: int) -> int:
    """How many images to show where there are more to learn from than there were.

    Args:
        steps: Images shown before, repeats counted.
        before: Images to learn from then.
        after: Images to learn from now.

    Returns:
        At least 1; grows as `image_steps` does.
    """
    return max(1, round(steps * _growth(after) / _growth(before)))


def _growth(image_count: int) -> float:
    return float(np.clip((max(image_count, 1) / 50) ** 0.65, 0.6, 4.0))


def image_label(shapes: Sequence[Shape]) -> str | None:
    """The class of a whole image: its image class, else that of its first shape.

    Args:
        shapes: The shapes of one image.

    Returns:
        Class name, or None where nothing was said.
    """
    for shape in shapes:
        if isinstance(shape, ImageClass):
            return shape.label
    return shapes[0].label if shapes else None


def is_good(shapes: Sequence[Shape], good_names: Collection[str] = ()) -> bool:
    """Whether an image shows no defect.

    Args:
        shapes: The shapes of one image.
        good_names: Classes that mean "no defect" beside the usual names.

    Returns:
        True when there is no shape, or only classes that mean "no defect".
    """
    return all(s.label in good_names or s.label.strip().lower() in GOOD_NAMES for s in shapes)
