"""Drift while the line runs: each inspection is weighed against the bundle's reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pitmark.core.bundle import DRIFT_BY_CONDITION_NAME, DRIFT_NAME
from pitmark.core.errors import BundleError, InvalidInputError
from pitmark.edge.array_file import check_arrays
from pitmark.edge.runtime import Inspection
from pitmark.quality.drift.input_statistics import image_statistics
from pitmark.quality.drift.monitor import DriftMonitor
from pitmark.quality.drift.newest_looking import Looked
from pitmark.quality.drift.reference import DriftReference
from pitmark.quality.drift.state import DriftState

DEFAULT_RUN_LENGTH_IMAGES = 50_000


class Monitor:
    """Watches the inspections of one device for drift.

    Where the bundle also has a reference by condition (camera, finish) and the first
    inspection comes with tags that it knows, the line is compared with that one: it sees
    smaller changes.

    Args:
        reference: The bundle's drift reference, `EdgeInspector.drift_reference`.
        by_condition: `EdgeInspector.drift_by_condition`.
        run_length_images: Images expected between two false alarms, the user's knob.
        resume: What `to_json` gave before a restart; it then settles the run length.

    Raises:
        BundleError: The bundle has no drift reference, or a damaged one.
        InvalidInputError: The state to resume is damaged or of another release.
    """

    def __init__(
        self,
        reference: bytes | None,
        by_condition: bytes | None = None,
        *,
        run_length_images: int = DEFAULT_RUN_LENGTH_IMAGES,
        resume: Mapping[str, Any] | None = None,
    ) -> None:
        plain = _reference_from(reference, DRIFT_NAME)
        finer = _finer_from(by_condition)
        self._finer = None
        if resume is None:
            self._finer = finer
            self._drift = DriftMonitor(plain, run_length_images=run_length_images)
        else:
            wanted = resume.get("reference")
            chosen = finer if finer is not None and finer.digest() == wanted else plain
            self._drift = DriftMonitor.from_json(resume, chosen)

    @property
    def caveat(self) -> str:
        """What the reference cannot promise, in words; empty when it is large enough."""
        return self._drift.reference.caveat

    @property
    def state(self) -> DriftState:
        """The state after the latest inspection."""
        return self._drift.state

    def update(
        self,
        inspection: Inspection,
        *,
        tags: Mapping[str, str] | None = None,
        name: str | None = None,
    ) -> DriftState:
        """Take one inspection into account.

        Args:
            inspection: As it came from the inspector.
            tags: What else is known about the image, such as its camera and lot.
            name: By which a person finds the image; None takes that of the inspection.

        Returns:
            The state of the watch. An inspection without a usable prediction (verdict
            error) says nothing about drift and leaves it as it was.

        Raises:
            InvalidInputError: The drift reference is not that of this model.
        """
        prediction, pixels = inspection.prediction, inspection.pixels
        if prediction is None or pixels is None or not np.isfinite(prediction.embedding).all():
            return self.state
        self._choose(tags or {})
        return self._drift.update(
            image_statistics(pixels),
            prediction.embedding,
            prediction.score,
            tags=tags,
            name=inspection.name if name is None else name,
        )

    def newest_looking(self, count: int = 50) -> list[Looked]:
        """The images that look newest, to be labeled first after an alarm.

        Args:
            count: How many at most.

        Returns:
            The newest-looking first.
        """
        return self._drift.newest_looking(count)

    def course(self) -> dict[str, Any]:
        """How evidence and figures went, as plain JSON types.

        Returns:
            `images`, `evidence`, `values` and `alarms` of the course, and of what the values
            are: `component`, with its mean and deviation in the reference.
        """
        place, reference = self._drift.named, self._drift.reference
        return {
            "component": reference.names[place],
            "reference_mean": float(reference.means[place]),
            "reference_deviation": float(reference.deviations[place]),
            **self._drift.course.told(place),
        }

    def _choose(self, tags: Mapping[str, str]) -> None:
        """Before the first image: the reference by condition, if the tags allow it."""
        finer, self._finer = self._finer, None
        if finer is not None and finer.conditions.known(tags):
            run_length = self._drift.run_length_images
            self._drift = DriftMonitor(finer, run_length_images=run_length)

    def reset(self) -> None:
        """Start anew against the same reference, after an alarm was dealt with."""
        self._drift.reset()

    def to_json(self) -> dict[str, Any]:
        """Everything that a restarted device needs to go on, as plain JSON types."""
        return self._drift.to_json()


def _finer_from(data: bytes | None) -> DriftReference | None:
    return None if data is None else _reference_from(data, DRIFT_BY_CONDITION_NAME)


def _reference_from(data: bytes | None, name: str) -> DriftReference:
    if data is None:
        raise BundleError(f"the bundle has no {name} to compare with")
    check_arrays(data, name=name)
    try:
        return DriftReference.from_bytes(data)
    except InvalidInputError as exc:
        raise BundleError(f"{name} is no drift reference: {exc}") from exc
