"""Training batches: which scenes are shown, and the patches made of them.

A batch depends on nothing but the data, the seed and the number of the step, so that a
run that was cut off goes on with the very batches it would have seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from pitmark.core.inspector import InspectorSpec
from pitmark.core.labels import Task
from pitmark.core.preprocess import PreprocessSpec
from pitmark.synth.paste import paint_anomaly
from pitmark.train.augment import Augmentation, Piece, random_piece
from pitmark.train.compose import mosaic, paste_defect
from pitmark.train.dataset import SceneCache
from pitmark.train.settings import image_label
from pitmark.train.targets import Batch

# Of the patches, at least this share shows images with a defect where there are any.
_DEFECT_SHARE = 0.7
# Defects are learned from parts of this side at least, and of three large defects.
_LEAST_PATCH_PX = 224
_BOXES_ACROSS = 3.0
# The tasks that say where a defect is.
LOCATING: tuple[Task, ...] = ("detection", "segmentation")

_TASK_AUGMENTATION: dict[Task, Augmentation] = {
    "classification": Augmentation(zoom=(0.8, 1.5), focus=0.0),
    # Neither mosaics nor pasted defects: many defects are what they are by what surrounds
    # them (a gap in a trace, a bridge), and a seam or a strange ground makes false ones.
    "detection": Augmentation(zoom=(0.7, 1.4), focus=0.7),
    "segmentation": Augmentation(zoom=(0.7, 1.4), focus=0.6),
    "anomaly": Augmentation(zoom=(0.85, 1.3), focus=0.0, light=0.5, paint=0.6),
}


def task_augmentation(task: Task, *, flips: bool, turns: bool) -> Augmentation:
    """How patches are varied for a task.

    Args:
        task: What is learned.
        flips: Whether a mirrored image is a possible one.
        turns: Whether a quarter-turned image is a possible one.

    Returns:
        The limits.
    """
    return replace(_TASK_AUGMENTATION[task], flips=flips, turns=turns)


def scene_weights(cache: SceneCache, spec: InspectorSpec) -> NDArray[np.float64]:
    """How often each scene is shown: rare classes more often, images without defect less.

    Args:
        cache: The scenes.
        spec: What is learned.

    Returns:
        (N,) probabilities summing to 1.
    """
    if spec.task == "anomaly":
        return np.full(len(cache), 1 / len(cache))
    names = [_names(i.shapes or (), spec) for i in cache.images]
    each = _class_weights(cache, names)
    weights = np.array([max((each[n] for n in group), default=0.0) for group in names])
    plain = weights == 0
    if spec.task != "classification" and plain.any() and not plain.all():
        share = max(_DEFECT_SHARE, 1 - plain.mean())
        weights = np.where(plain, (1 - share) / plain.sum(), share * weights / weights.sum())
    if not weights.any():
        weights = np.ones(len(cache))
    return np.asarray(weights / weights.sum())


def _class_weights(cache: SceneCache, names: Sequence[Sequence[str]]) -> dict[str, float]:
    """How often an image of each class is shown.

    Synthetic images and repeated ones bring a class up to the usual number of images, not
    beyond it: what one class is shown more, all others are shown less.
    """
    counts = Counter(n for group in names for n in set(group))
    firsts = {
        i.image.sha256: set(group)
        for i, group in zip(cache.images, names, strict=True)
        if not i.image.synthetic
    }
    real = Counter(n for group in firsts.values() for n in group)
    usual = float(np.median(list(real.values()))) if real else 0.0
    return {n: max(real[n], min(c, usual), 1.0) ** 0.5 / c for n, c in counts.items()}


def patch_size(cache: SceneCache, spec: InspectorSpec) -> tuple[int, int]:
    """The size of the patches to learn from.

    Defects are small beside the image: a part of it around them teaches as much as the
    whole and costs a fraction, so that more of them can be shown in the same time.

    Args:
        cache: The scenes.
        spec: What is learned.

    Returns:
        Width and height in pixels, multiples of 32, at most the input of the network,
        and just that for other tasks than detection and segmentation.
    """
    width, height = spec.preprocess.input_wh
    if spec.task not in LOCATING:
        return width, height
    scenes = (cache[i] for i in range(len(cache)))
    sides = [
        float((box[2:] - box[:2]).max()) * scene.patch_scale
        for scene in scenes
        for box in scene.boxes_xyxy
    ]
    # A part of an outline teaches as much as all of it; a part of a box does not.
    across = _BOXES_ACROSS if spec.task == "detection" and sides else 0.0
    wanted = max(_LEAST_PATCH_PX, across * float(np.percentile(sides or [0.0], 90)))
    side = int(np.ceil(wanted / 32)) * 32
    return min(width, side), min(height, side)


def _names(shapes: tuple[object, ...], spec: InspectorSpec) -> list[str]:
    labels = [str(getattr(s, "label", "")) for s in shapes]
    if spec.task == "classification":
        found = image_label(shapes)  # type: ignore[arg-type]
        labels = [found] if found else []
    return [n for n in labels if n in spec.classes]


@dataclass(frozen=True, slots=True)
class BatchMaker:
    """Makes the batch of any step.

    `weights` are the shares of the scenes; `seed` and the number of the step decide
    everything else. `patch_wh` is the size of the patches in pixels, None for the input
    of the network.
    """

    cache: SceneCache
    spec: InspectorSpec
    how: Augmentation
    weights: NDArray[np.float64]
    seed: int
    patch_wh: tuple[int, int] | None = None

    def batch(self, step: int, size: int, progress: float) -> Batch:
        """The batch of one step.

        Args:
            step: Its number.
            size: Patches B.
            progress: Share of the training done; mosaics end at 0.8.

        Returns:
            The batch.
        """
        rng = np.random.default_rng([self.seed, step])
        how = replace(self.how, mosaic=0.0) if progress > 0.8 else self.how
        pieces = [self._piece(how, rng) for _ in range(size)]
        return collate(pieces, self.spec.preprocess)

    def _piece(self, how: Augmentation, rng: np.random.Generator) -> Piece:
        size_wh = self.patch_wh or self.spec.preprocess.input_wh
        fill = self.spec.preprocess.mean
        count = 4 if rng.random() < how.mosaic else 1
        scenes = [self.cache[i] for i in rng.choice(len(self.cache), count, p=self.weights)]
        if count == 4:
            four = (scenes[0], scenes[1], scenes[2], scenes[3])
            return mosaic(four, size_wh, how, rng, fill=fill)
        piece = random_piece(scenes[0], size_wh, how, rng, fill=fill)
        if rng.random() < how.paste:
            donor = self.cache[int(rng.choice(len(self.cache), p=self.weights))]
            near = replace(how, focus=1.0)
            source = random_piece(donor, size_wh, near, rng, fill=fill)
            piece = paste_defect(piece, source, rng, fill=fill)
        if rng.random() < how.paint:
            painted, mask = paint_anomaly(np.ascontiguousarray(piece.pixels), rng)
            piece = replace(
                piece,
                pixels=np.asarray(painted, dtype=np.float32),
                mask_hw=np.asarray(mask > 0.5, dtype=np.uint8),
            )
        return piece


def collate(pieces: list[Piece], preprocess: PreprocessSpec) -> Batch:
    """Pieces as one batch of tensors.

    Args:
        pieces: All of one size.
        preprocess: Gives mean and spread.

    Returns:
        The batch.
    """
    references = [p.reference for p in pieces if p.reference is not None]
    return Batch(
        images=_normalized([p.pixels for p in pieces], preprocess),
        labels=torch.tensor([p.label for p in pieces]),
        boxes_xyxy=[torch.from_numpy(p.boxes_xyxy.copy()) for p in pieces],
        box_classes=[torch.from_numpy(p.box_classes.copy()) for p in pieces],
        masks=torch.from_numpy(np.stack([p.mask_hw for p in pieces])),
        references=_normalized(references, preprocess) if references else None,
    )


def _normalized(planes: list[NDArray[np.float32]], preprocess: PreprocessSpec) -> torch.Tensor:
    # Channels stay last in memory: the network wants them there.
    images = np.stack(planes)
    images -= np.float32(preprocess.mean)
    images /= np.float32(preprocess.std)
    return torch.from_numpy(images).permute(0, 3, 1, 2)
