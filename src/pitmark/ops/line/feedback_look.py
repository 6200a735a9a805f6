"""What a release sees in an image from the line: its answer as shapes, doubt, strangeness.

The release that judged on the device judges again here: the bundle gives the same answer on
both, and here also its regions and how far the image is from what the release knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.bundle import DRIFT_NAME
from pitmark.core.errors import BundleError, NotFoundError
from pitmark.core.inspector import InspectorSpec, decide
from pitmark.core.labels import Shape
from pitmark.core.predictions import Prediction
from pitmark.edge.bundle_file import read_bundle
from pitmark.edge.runtime import EdgeInspector
from pitmark.ops.models.suggesting import in_words_of, suggested
from pitmark.quality.drift.input_statistics import image_statistics
from pitmark.quality.drift.reference import BOUND, DriftReference
from pitmark.store.db import ProjectStore
from pitmark.store.events import EventRow
from pitmark.store.releases import ReleaseRow

# Nearer to its limit than this a verdict is in doubt; devices use the same by default.
MARGIN = 0.1
_THREADS = 1


@dataclass(frozen=True, slots=True)
class Look:
    """What a release sees in an image.

    `suggestion` is its answer as a person would draw it, None where it names no place;
    `doubt` is 1 at the limit and 0 a margin away, None beyond; `strangeness` is the mean
    distance of its components in spreads, None where it was not asked for.
    """

    run_id: str
    suggestion: tuple[Shape, ...] | None
    doubt: float | None
    strangeness: float | None


class ReleaseEyes:
    """The releases of a project, loaded when first needed.

    Args:
        project: The project.
    """

    def __init__(self, project: ProjectStore) -> None:
        self._project, self._book = project, project.book.current()
        self._open: dict[int, tuple[ReleaseRow, EdgeInspector, DriftReference | None]] = {}

    def look(self, row: EventRow, pixels: NDArray[Any], *, strange: bool) -> Look:
        """See an image as the release did that judged it.

        Args:
            row: What the device told of it.
            pixels: Of the image.
            strange: Also tell how far it is from what the release knows.

        Returns:
            What the release sees.

        Raises:
            NotFoundError: The project has no release.
            BundleError: The bundle is damaged, or compares with a reference.
        """
        release, inspector, reference = self._release(row.release)
        if inspector.spec.reference:
            raise BundleError(
                "the release compares with a second picture, which devices do not send",
                hint="Label these pictures by hand.",
            )
        prediction = inspector.predict(pixels)
        return Look(
            release.run_id,
            self._suggestion(release.run_id, prediction, inspector.spec),
            self._doubt(row, prediction, inspector.spec),
            _strangeness(reference, prediction, pixels) if strange else None,
        )

    def _release(
        self, version: int | None
    ) -> tuple[ReleaseRow, EdgeInspector, DriftReference | None]:
        try:
            row = self._project.releases.get("latest" if version is None else version)
        except NotFoundError:
            row = self._project.releases.get()
        if row.version not in self._open:
            bundle = read_bundle(self._project.blobs.read(row.bundle_sha))
            inspector = EdgeInspector.open(bundle, precision="fp32", threads=_THREADS)
            drift = bundle.files.get(DRIFT_NAME)
            reference = None if drift is None else DriftReference.from_bytes(drift)
            self._open[row.version] = (row, inspector, reference)
        return self._open[row.version]

    def _suggestion(
        self, run_id: str, prediction: Prediction, spec: InspectorSpec
    ) -> tuple[Shape, ...] | None:
        ng = decide(prediction, spec).outcome == "NG"
        if not ng and spec.task != "classification":
            return ()
        shapes = in_words_of(self._book, suggested(run_id, prediction, spec)).shapes
        # NG without a place: what is wrong must be shown by a person.
        return shapes or None

    def _doubt(
        self, row: EventRow, prediction: Prediction, spec: InspectorSpec
    ) -> float | None:
        # Version against version: the verdict of the part knows regions and tolerances too.
        other = row.facts.get("other_verdict")
        said = decide(prediction, spec).outcome
        if row.verdict == "error" or (other is not None and other != said):
            return 1.0
        score = prediction.score if row.score is None else row.score
        away = abs(score - spec.threshold)
        return None if away > MARGIN else 1.0 - away / MARGIN


def _strangeness(
    reference: DriftReference | None, prediction: Prediction, pixels: NDArray[Any]
) -> float | None:
    if reference is None or not np.isfinite(prediction.embedding).all():
        return None
    values = reference.values(image_statistics(pixels), prediction.embedding, prediction.score)
    bounded = np.clip(reference.spreads(values), -BOUND, BOUND)
    return float(np.sqrt(np.mean(np.square(bounded))))
