"""Give the backbone a start: learn defects on painted surfaces, no photograph involved.

    python -m pitmark.train.pretrain weights.safetensors --image-steps 80000

The very loop that customers' models are trained with learns to outline the five painted
kinds on a bank of generated surfaces; the backbone of the result is kept in 16 bits. A
run that was stopped goes on from its checkpoint when it is started again.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import save_file

from pitmark.core.inspector import InspectorSpec
from pitmark.core.labels import mask_shape
from pitmark.core.preprocess import PreprocessSpec
from pitmark.core.progress import Progress
from pitmark.core.records import ImageRecord, LabeledImage
from pitmark.synth.defects import KINDS
from pitmark.synth.surface_scenes import surface_scene
from pitmark.train.loop import fit
from pitmark.train.model import TrainedModel
from pitmark.train.settings import TrainSettings

SIDE_PX = 128


def painted_bank(
    seed: int, count: int
) -> tuple[list[LabeledImage], dict[str, NDArray[np.uint8]]]:
    """Generated surfaces with their masks, and their pixels by name.

    Args:
        seed: Of the series.
        count: How many.

    Returns:
        Images of split "train", and pixels (128, 128, 3) by their key.
    """
    images: list[LabeledImage] = []
    pixels: dict[str, NDArray[np.uint8]] = {}
    for index in range(count):
        scene = surface_scene(seed, index, SIDE_PX)
        key = f"{index:064d}"
        pixels[key] = scene.image_hwc
        shapes = tuple(mask_shape(d.kind, d.mask_hw) for d in scene.defects)
        record = ImageRecord(key, SIDE_PX, SIDE_PX, "RGB", key)
        images.append(LabeledImage(record, shapes, "train"))
    return images, pixels


def pretrain(settings: TrainSettings, *, bank: int, checkpoint: Path | None) -> TrainedModel:
    """Train on painted surfaces.

    Args:
        settings: Seed, image-steps and threads count.
        bank: How many surfaces to paint.
        checkpoint: Where the run is kept until it is done.

    Returns:
        The model; its backbone is what is wanted.
    """
    images, pixels = painted_bank(settings.seed, bank)
    spec = InspectorSpec(
        "segmentation", KINDS, PreprocessSpec((SIDE_PX, SIDE_PX), overlap_px=0)
    )
    return fit(images, pixels.__getitem__, spec, settings, report=_tell, checkpoint=checkpoint)


def save_backbone(model: TrainedModel, path: Path) -> None:
    """Write the backbone of a model in 16 bits.

    Args:
        model: A trained model.
        path: The safetensors file.
    """
    tensors = {
        name: value.half().contiguous()
        for name, value in model.network.backbone.state_dict().items()
        if value.is_floating_point()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path)


def _tell(progress: Progress) -> None:
    facts = ", ".join(f"{k} {v}" for k, v in progress.facts.items())
    left = "?" if progress.eta_s is None else f"{progress.eta_s / 60:.0f} min"
    sys.stderr.write(f"\r{progress.done}/{progress.total} {facts}, {left} left   ")
    sys.stderr.flush()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--image-steps", type=int, default=80_000)
    parser.add_argument("--bank", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int)
    given = parser.parse_args()
    settings = TrainSettings(
        seed=given.seed,
        image_steps=given.image_steps,
        threads=given.threads,
        input_wh=(SIDE_PX, SIDE_PX),
    )
    checkpoint = given.out.with_suffix(".checkpoint")
    save_backbone(pretrain(settings, bank=given.bank, checkpoint=checkpoint), given.out)
    checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
