"""Images as vectors for audits: what classification stands on, computed once per image.

The vectors depend on no label. After labels were corrected, the next audit needs only the
linear part, which takes seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from pitmark.core.inspector import InspectorSpec
from pitmark.core.preprocess import cut
from pitmark.core.progress import Progress, Reporter, silent
from pitmark.core.records import PixelLoader
from pitmark.train.embed import default_backbone
from pitmark.train.pace import Pace
from pitmark.train.precision import limited_threads
from pitmark.train.whole_image import image_vector, vector_scale

_AT_ONCE = 16
# A value that hardly varies is not stretched beyond this share of the usual spread.
_LEAST_SPREAD = 0.01


def describe_images(
    shas: Sequence[str],
    load: PixelLoader,
    spec: InspectorSpec,
    *,
    threads: int | None = None,
    report: Reporter = silent,
) -> NDArray[np.float32]:
    """What the shipped backbone and the light say about each image as a whole.

    Args:
        shas: sha256 of N images.
        load: Gives pixels.
        spec: Of classification; says how images are cut.
        threads: How many; None takes all cores.
        report: Takes progress, and may stop the work.

    Returns:
        (N, D) float32, as they come; `standardized` makes them comparable.
    """
    backbone = default_backbone()
    out: list[NDArray[np.float32]] = []
    pace = Pace(len(shas))
    with limited_threads(threads), torch.inference_mode():
        for start in range(0, len(shas), _AT_ONCE):
            part = shas[start : start + _AT_ONCE]
            cuts = [cut(load(sha), spec.preprocess).data for sha in part]
            pixels = torch.from_numpy(np.concatenate(cuts))
            out.append(image_vector(backbone(pixels), pixels).numpy())
            done = start + len(part)
            if pace.due(done):
                eta_s = pace.eta_s(done)
                report(Progress("describe", done, len(shas), eta_s=eta_s))
    return np.concatenate(out) if out else np.zeros((0, 0), np.float32)


def standardized(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors in which every part counts as it does for classification.

    Args:
        rows: (N, D) from `describe_images`.

    Returns:
        (N, D) float32 of mean 0 and about length 1.
    """
    spread = rows.std(axis=0)
    spread = np.maximum(spread, _LEAST_SPREAD * np.median(spread) + 1e-6)
    scale = vector_scale(default_backbone().widths).numpy()
    return np.asarray((rows - rows.mean(axis=0)) / spread * scale, dtype=np.float32)
