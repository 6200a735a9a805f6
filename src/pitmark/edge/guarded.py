"""An inspection that gives a verdict whatever the release does with the image."""

from __future__ import annotations

import time

from pitmark.core.inspector import Verdict
from pitmark.core.preprocess import Pixels
from pitmark.edge.runtime import EdgeInspector, Inspection

# What a model with strange outputs makes numpy and Python raise: no reason to stop a line.
MISHAPS = (ArithmeticError, LookupError, ValueError, TypeError, RuntimeError, AssertionError)


def guarded(
    inspector: EdgeInspector,
    image: Pixels | bytes,
    *,
    name: str = "",
    reference: Pixels | bytes | None = None,
) -> Inspection:
    """Inspect an image; where the release fails on it, the verdict is an error.

    Args:
        inspector: The release.
        image: Pixels, or the bytes of an image file.
        name: How to call it.
        reference: Of the image, for a release that compares.

    Returns:
        The inspection.
    """
    start = time.perf_counter()
    try:
        return inspector.inspect(image, name=name, reference=reference)
    except MISHAPS as error:
        reason = f"the release failed on this image: {error!r}"
        elapsed_ms = (time.perf_counter() - start) * 1000
        return Inspection(name, Verdict("error", 0.0, None, reason), None, None, elapsed_ms)
