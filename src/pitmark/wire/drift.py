"""What the watches for drift on devices tell, and people see."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, model_validator

from pitmark.wire.message import Message

Word = Annotated[str, Field(max_length=200)]
MOST_COURSE = 500  # A newer device may tell more.
_TOLD_AND_SEEN = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class LookedNew(Message):
    """A part worth a label: its number and name, and how new it looks (1 is usual)."""

    model_config = _TOLD_AND_SEEN

    number: int
    name: str = Field(max_length=300)
    novelty: float


class DriftCourse(Message):
    """How a watch for drift went at one point of a device with one release.

    Point by point: the number of its last image, the highest `evidence`, which is an alarm
    from `threshold` on, and the mean of `component`, whose mean and deviation without drift
    are `reference_mean` and `reference_deviation`. `alarms` are the images at which there was
    one; `newest` the parts to label first.
    """

    model_config = _TOLD_AND_SEEN

    point: str = Field(max_length=64)
    release: str = Field(max_length=64)
    alarm: bool
    threshold: float
    since: int | None = None
    since_low: int | None = None
    since_high: int | None = None
    carriers: list[list[Word]] = Field(default=[], max_length=50)
    sentence: str = Field(default="", max_length=2000)
    component: str = Field(max_length=64)
    reference_mean: float
    reference_deviation: float
    images: list[int] = Field(max_length=MOST_COURSE)
    evidence: list[float] = Field(max_length=MOST_COURSE)
    values: list[float] = Field(max_length=MOST_COURSE)
    alarms: list[int] = Field(default=[], max_length=50)
    newest: list[LookedNew] = Field(default=[], max_length=100)

    @model_validator(mode="after")
    def _as_long(self) -> DriftCourse:
        if not len(self.images) == len(self.evidence) == len(self.values):
            raise ValueError("images, evidence and values must be as many")
        return self


class DeviceDriftCourses(Message):
    """The watches of a device as it told of them last, at `at`."""

    device: str
    at: datetime
    watches: list[DriftCourse]
