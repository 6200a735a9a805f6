"""What a training may be told, and the settings that this means for some images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pitmark.core.records import LabeledImage
from pitmark.ops.models.evaluating import Costs
from pitmark.store.db import ProjectStore

if TYPE_CHECKING:
    from pitmark.train.settings import TrainSettings


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What a training run may be told; every field has a working default.

    `preset` is fast, balanced or thorough; `quick` asks for the instant first model
    (frozen features and ridge); `side_px` fixes the longer side of the input, `input_wh` its
    very size; `threads` None takes all cores. `init` is a file of weights to start from,
    or the word random; None takes the shipped weights. `network` is standard or small.
    `reference` asks to compare images with their references, or forbids it; None compares
    where every training image has one.
    """

    # Whether training images help to choose the thresholds, judged by models that have not
    # seen them. No option of people.
    thresholds_on_unseen = False

    snapshot: str = "latest"
    preset: str = "balanced"
    seed: int = 0
    quick: bool = False
    side_px: int | None = None
    input_wh: tuple[int, int] | None = None
    image_steps: int | None = None
    threads: int | None = None
    init: Path | Literal["random"] | None = None
    network: str = "standard"
    costs: Costs = field(default_factory=Costs)
    reference: bool | None = None


class RetrainOptions(TrainOptions):
    """Options of a training that follows another after a few answers from the line.

    The thresholds of a model in closed form are chosen on training images too, as models
    judge them that have not seen them: the few new validation images leave them to chance.
    """

    __slots__ = ()
    thresholds_on_unseen = True


def settings_of(
    project: ProjectStore, images: Sequence[LabeledImage], how: TrainOptions
) -> TrainSettings:
    """The settings that some options mean for some images.

    Args:
        project: Its label book knows the good classes.
        images: Whose sizes decide the shape of the input.
        how: The options.

    Returns:
        The settings.
    """
    return train_settings(
        images,
        preset=how.preset,
        seed=how.seed,
        side_px=how.side_px,
        input_wh=how.input_wh,
        image_steps=how.image_steps,
        threads=how.threads,
        init=how.init,
        network=how.network,
        reference=how.reference,
        good_names=good_names(project),
    )


def train_settings(
    images: Sequence[LabeledImage],
    *,
    preset: str,
    seed: int,
    side_px: int | None = None,
    input_wh: tuple[int, int] | None = None,
    **given: Any,
) -> TrainSettings:
    """Settings for training on some images.

    Args:
        images: Whose sizes decide the shape of the input.
        preset: fast, balanced or thorough.
        seed: Of everything random.
        side_px: Side of the input, for a square image; None leaves it to the preset.
        input_wh: Width and height of the input; None takes those that `side_px` asks for.
        **given: Further fields of TrainSettings.

    Returns:
        The settings.

    Raises:
        InvalidInputError: An unknown preset, or a value out of range.
    """
    from pitmark.train.planning import input_size
    from pitmark.train.settings import TrainSettings

    size = input_wh
    if size is None and side_px is not None:
        size = input_size([i.image.size_wh for i in images], side_px)
    return TrainSettings.from_json({"preset": preset, "seed": seed, "input_wh": size, **given})


def good_names(project: ProjectStore) -> list[str]:
    """The classes of the label book that mean "no defect".

    Args:
        project: The project.

    Returns:
        Class names.
    """
    return [c.name for c in project.book.current().classes if c.good]
