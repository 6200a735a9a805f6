"""Pitmark's findings on labels of which some are faulty, and the order they put images in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bench.faults_draws import Judged
from pitmark.core.labels import Shape, Task
from pitmark.quality.faults.box_faults import detection_faults
from pitmark.quality.faults.class_faults import Fault
from pitmark.quality.faults.mask_faults import segmentation_faults


def judge(task: Task, judged: Judged, changed: Mapping[str, tuple[Shape, ...]]) -> list[Fault]:
    """Findings from predictions alone.

    Args:
        task: detection or segmentation.
        judged: Images with predictions of a model that never saw them.
        changed: sha256 to shapes that take the place of those of the images.

    Returns:
        Faults, most likely first.
    """
    labels = judged.labels | dict(changed)
    if task == "detection":
        return detection_faults(labels, judged.predictions, judged.classes)
    sizes = {i.image.sha256: i.image.size_wh for i in judged.images}
    sized = {k: (v, sizes[k]) for k, v in labels.items()}
    return segmentation_faults(sized, judged.predictions, judged.classes)


def strongest(faults: Iterable[Fault]) -> dict[str, float]:
    """Image to the score of its strongest finding: the order in which a person meets them."""
    out: dict[str, float] = {}
    for fault in faults:
        out[fault.key] = max(out.get(fault.key, 0.0), fault.score)
    return out
