"""Whether an outline that fits badly was drawn badly: good ones scatter as well."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from pitmark.quality.faults.odds import LikeLabels

Floats = NDArray[np.float64]

# People who agree draw outlines that differ by a tenth.
_LEAST_SPREAD = 0.1
_FLOOR = 0.02
# A sloppy outline shares a twentieth to three quarters with the right one.
_DROPS = -np.log(np.linspace(0.05, 0.75, 15))
_DEGREES = 5


def sloppy_ratio(overlaps: Floats, like: LikeLabels) -> tuple[Floats, Floats]:
    """How much better "drawn badly" explains each overlap than "drawn like the others".

    Args:
        overlaps: (N,) intersection over union with what the model outlines, in [0, 1].
        like: Which of the N labels to compare each with.

    Returns:
        (N,) likelihood ratio, above 0, near 1 where good overlaps scatter widely; and (N,)
        the overlap that is usual for labels like each.
    """
    values = np.log(np.maximum(overlaps, _FLOOR))
    z, middle = like.robust_z(values, least_spread=_LEAST_SPREAD)
    apart = np.abs(z) > 1e-9
    known = (middle - values)[apart] / z[apart]
    # What lies at the median itself does not tell the spread it was divided by.
    spread = np.full(len(values), np.median(known) if known.size else _LEAST_SPREAD)
    spread[apart] = known
    return lowered_ratio(z, spread), np.exp(middle)


def lowered_ratio(z: Floats, spread: Floats, drops: Floats = _DROPS) -> Floats:
    """How much better "something lowered this value" explains it, from its robust z.

    Members follow a Student t with five degrees of freedom; a lowered one is a member less
    one of the drops. Where members spread wider than that, nothing can be told apart, and the
    ratio is near 1.

    Args:
        z: (N,) robust z-values, high where the value is low.
        spread: (N,) what one step of z is worth, above 0.
        drops: (D,) how far a value may be lowered, in the same unit, all equally likely.

    Returns:
        (N,) likelihood ratio, above 0.
    """
    raised = z[:, None] - drops[None, :] / spread[:, None]
    member = scipy.stats.t.logpdf(z, _DEGREES)[:, None]
    return np.asarray(np.exp(scipy.stats.t.logpdf(raised, _DEGREES) - member).mean(axis=1))
