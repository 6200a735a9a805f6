"""Whether a line still looks as it did at release, with a stated rate of false alarms.

Every image gives a few figures: input statistics, the model's score, the strongest
directions of its embedding and the distance from them. Their means over blocks of ten
images are compared with a finite reference by sequential evidence (`eprocess`), averaged
over the figures. Without drift the mean run between false alarms is at least the one that
was asked for, on average over references; autocorrelation is allowed for by what the
reference and the stream show of it (`block_spread`). The evidence may be read after every
image; there is no schedule of tests to keep.

What it does not promise: the run as a proof, for one factor of it was measured
(`eprocess.DROPPED`); that one unlucky reference keeps the rate by itself; a rate against a
short, shuffled reference of a correlated line, or for lines that wander in ways which
neither the reference nor the stream has shown yet; that a drift slower than the reference's
own wandering is seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.quality.drift.block_spread import resembling
from pitmark.quality.drift.course import CoursePoint, DriftCourse
from pitmark.quality.drift.eprocess import RestartSums, gathered, log_sum
from pitmark.quality.drift.found import Evidence, Found, explain
from pitmark.quality.drift.neighbor_correlation import NeighborCorrelation
from pitmark.quality.drift.newest_looking import Looked, NewestLooking
from pitmark.quality.drift.open_block import OpenBlock, row_of
from pitmark.quality.drift.reference import DriftReference
from pitmark.quality.drift.state import DriftState
from pitmark.quality.drift.tag_history import TagHistory

Array = NDArray[np.float64]

DEFAULT_RUN_LENGTH_IMAGES = 50_000
_MOST_EVIDENCE = 1e300
_NO_EVIDENCE = -1e3
_STATE_VERSION = 3
_LATE_POINTS = 5


class DriftMonitor:
    """Watches one stream of images against one reference.

    Args:
        reference: Of the release.
        run_length_images: The least mean number of images between false alarms.

    Raises:
        InvalidInputError: A run length below one block.
    """

    def __init__(
        self,
        reference: DriftReference,
        *,
        run_length_images: int = DEFAULT_RUN_LENGTH_IMAGES,
    ) -> None:
        if run_length_images < reference.block:
            raise InvalidInputError(
                f"a run of {run_length_images} images between false alarms is shorter than"
                f" one block of {reference.block}",
                hint="Ask for some thousand images or more.",
            )
        self.reference = reference
        self.run_length_images = run_length_images
        self._images = 0
        self._unknown = 0
        self.course = DriftCourse()
        self._clear()

    def update(
        self,
        statistics: NDArray[Any],
        embedding: NDArray[Any],
        score: float,
        *,
        tags: Mapping[str, str] | None = None,
        name: str = "",
    ) -> DriftState:
        """Takes the next image of the line.

        Args:
            statistics: (11,) of `image_statistics`.
            embedding: (D,) of the model.
            score: Of the image.
            tags: Such as {"camera": "2", "lot": "4711"}; used to say where a drift is,
                and for the reference's conditions.
            name: Of the image, by which a person finds it.

        Returns:
            The state after this image; it changes only at the end of a block. An image of
            a condition that the reference does not know is only counted.

        Raises:
            InvalidInputError: Values that do not fit the reference, or are no numbers.
        """
        known = tags or {}
        if not self.reference.conditions.known(known):
            self._unknown += 1
            return self.state
        raw = self.reference.values(statistics, embedding, score, tags=known)
        self._images += 1
        spreads = self.reference.spreads(raw)
        self._newest.add(self._images, name, spreads)
        self._correlation.add(spreads)
        self._tags.add(raw, known)
        self._open.add(raw, spreads, self.reference.conditions.shares(known))
        if self._open.images == self.reference.block:
            self._close_block()
        return self.state

    @property
    def state(self) -> DriftState:
        """The state after the latest image."""
        found = self._found
        calm = f"no drift in {self._images} images"
        if self._unknown:
            calm += f"; {self._unknown} more could not be compared"
        return DriftState(
            images=self._images,
            alarm=self._alarm,
            evidence=self._evidence,
            threshold=float(self.run_length_images),
            since=found.since if self._alarm else None,
            since_low=found.low if self._alarm else None,
            since_high=found.high if self._alarm else None,
            causes=found.causes if self._alarm else (),
            carriers=found.carriers if self._alarm else (),
            sentence=found.sentence if self._alarm else calm,
            unknown=self._unknown,
        )

    def newest_looking(self, count: int = 50) -> list[Looked]:
        """The images that look newest, to be labeled first.

        Args:
            count: How many at most.

        Returns:
            Of the latest 500 images, after an alarm those since the change; the
            newest-looking first.
        """
        since = self._found.low if self._alarm else None
        return self._newest.ranked(since or 0, count)

    @property
    def named(self) -> int:
        """The component to show: the first cause after an alarm, else the one furthest out."""
        if self._alarm and self._found.causes:
            return self.reference.names.index(self._found.causes[0].name)
        points = self.course.points[-_LATE_POINTS:]
        if not points:
            return 0
        moved = np.mean([p.means for p in points], axis=0) - self.reference.means
        return int(np.argmax(np.abs(moved) / np.maximum(self.reference.deviations, 1e-12)))

    def reset(self) -> None:
        """Starts anew against the same reference; images go on being counted."""
        self._clear()

    def to_json(self) -> dict[str, Any]:
        """Everything a restarted device needs to go on, as plain JSON types."""
        sums = self._sums
        return {
            "version": _STATE_VERSION,
            "reference": self.reference.digest(),
            "run_length_images": self.run_length_images,
            "images": self._images,
            "unknown": self._unknown,
            "first": self._first,
            "alarm": self._alarm,
            "phi": self._phi.tolist(),
            **self._open.to_json(),
            "sums": sums.to_json(),
            "correlation": self._correlation.to_json(),
            "tags": self._tags.to_json(),
            "newest": self._newest.to_json(),
            "course": self.course.to_json(),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any], reference: DriftReference) -> DriftMonitor:
        """The monitor that `to_json` wrote.

        Args:
            data: The JSON object.
            reference: The one that the monitor watched against.

        Returns:
            A monitor that goes on as if it had never stopped.

        Raises:
            InvalidInputError: Damaged, or of another reference.
        """
        found = data.get("reference")
        if found != reference.digest() or data.get("version") != _STATE_VERSION:
            raise InvalidInputError(
                f"the drift state belongs to reference {found!r}, not {reference.digest()!r}",
                hint="After a new release the monitor starts anew.",
            )
        try:
            monitor = DriftMonitor(reference, run_length_images=int(data["run_length_images"]))
            monitor._restore(data)
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise InvalidInputError(f"the drift state is damaged: {exc!r}") from exc
        return monitor

    def _clear(self) -> None:
        components = len(self.reference.names)
        self._first = self._images
        self._alarm = False
        conditions = len(self.reference.conditions.values)
        self._sums = RestartSums(components, conditions=conditions)
        self._correlation = NeighborCorrelation(components)
        self._tags = TagHistory(components)
        self._newest = NewestLooking()
        self._open = OpenBlock(components, conditions)
        self._phi = np.zeros(components)
        self._evidence = 0.0
        self._found = Found()

    def _restore(self, data: Mapping[str, Any]) -> None:
        components = len(self.reference.names)
        self._images, self._first = int(data["images"]), int(data["first"])
        self._unknown = int(data["unknown"])
        conditions = len(self.reference.conditions.values)
        self._open = OpenBlock.from_json(data, components, conditions)
        self._sums = RestartSums.from_json(data["sums"], components, conditions)
        self._correlation = NeighborCorrelation.from_json(data["correlation"], components)
        self._tags = TagHistory.from_json(data["tags"], components)
        self._newest = NewestLooking.from_json(data["newest"])
        # States of before it was kept have none.
        self.course = DriftCourse.from_json(data.get("course"), components)
        self._phi = row_of(data["phi"], components)
        self._alarm = bool(data["alarm"])
        if self._sums.blocks:
            self._judge()

    def _close_block(self) -> None:
        block, size = self._open, self._open.images
        means = block.raw / size
        self._sums.add(block.bounded / size, means, block.shares / size, odd=block.odd)
        self._tags.close_block()
        self._open = OpenBlock(block.components, block.conditions)
        self._phi = self._correlation.phi(self.reference)
        self._judge()
        first = self._images - size + 1
        self.course.add(CoursePoint(first, self._images, self._evidence, means))
        if not self._alarm and self._evidence >= self.run_length_images:
            self._alarm = True
            self.course.add_alarm(self._images)

    def _judge(self) -> None:
        reference = self.reference
        baseline = resembling(
            reference.baseline,
            self._phi,
            image_variance=reference.pair_variance,
            block=reference.block,
        )
        log_evidence = self._sums.log_evidence(baseline, reference.mixture)
        log_evidence[:, self._correlation.distrusted(reference, self._phi)] = _NO_EVIDENCE
        # The average over components of numbers that are one on average is one, too.
        log_average = log_sum(log_evidence.T) - np.log(log_evidence.shape[1])
        log_total = float(gathered(log_average, reference.block))
        self._evidence = min(float(np.exp(min(log_total, 690.0))), _MOST_EVIDENCE)
        if self._evidence >= self.run_length_images or self._alarm:
            self._found = explain(
                reference,
                self._sums,
                self._tags,
                Evidence(log_evidence, log_average),
                needed=self.run_length_images,
                first=self._first,
            )
