"""What the demo factory will make, with the truth about everything planted in it.

A plan is cheap: it holds numbers, no pixels. `factory.render` turns one shot of it into
an image, in any process and any order.
"""

from dataclasses import dataclass
from datetime import datetime

from pitmark.synth.layout import STATIONS
from pitmark.synth.placement import DefectSpec
from pitmark.synth.view import Pose


@dataclass(frozen=True)
class Shot:
    """One image to be made.

    Attributes:
        index: place in the plan.
        station: key of `layout.STATIONS`.
        lot: "L1" to "L6".
        part: serial number; several views of a part share it.
        time: when it was taken.
        finish: key of `finishes.FINISHES`.
        pose: how the part lies.
        defects: what is on it.
        given_kinds: what the labeler calls each defect.
        labeler: who labels it, "A" or "B".
        part_seed: what stays with the part in this view (texture, dust).
        noise_seed: what differs between two frames.
    """

    index: int
    station: str
    lot: str
    part: str
    time: datetime
    finish: str
    pose: Pose
    defects: tuple[DefectSpec, ...]
    given_kinds: tuple[str, ...]
    labeler: str
    part_seed: int
    noise_seed: int

    @property
    def camera(self) -> str:
        """The camera that takes it."""
        return STATIONS[self.station].camera

    @property
    def shift(self) -> str:
        """The shift that runs the line: "day" (6 to 18 h) or "night"."""
        return "day" if 6 <= self.time.hour < 18 else "night"


@dataclass(frozen=True)
class Mislabel:
    """A label that was planted wrong.

    Attributes:
        index: the shot.
        defect: which of its defects.
        kind: what it is.
        given_kind: what the labeler called it.
        labeler: who did.
        date: ISO date of the shot.
    """

    index: int
    defect: int
    kind: str
    given_kind: str
    labeler: str
    date: str


@dataclass(frozen=True)
class Plan:
    """Everything the factory will make, with the planted truth.

    Attributes:
        seed: what it was drawn from.
        size_wh: image size in pixels.
        shots: the images, in order of time but for exact copies.
        mislabels: the labels that contradict the others.
        exact_duplicates: (original, copy) indices with identical bytes.
        near_duplicates: (original, next frame) indices of the same part in the same view.
        weak_slice: indices of shots with pit marks under the dim camera.
        drifted: indices of shots taken after the lamps were exchanged.
    """

    seed: int
    size_wh: tuple[int, int]
    shots: tuple[Shot, ...]
    mislabels: tuple[Mislabel, ...]
    exact_duplicates: tuple[tuple[int, int], ...]
    near_duplicates: tuple[tuple[int, int], ...]
    weak_slice: tuple[int, ...]
    drifted: tuple[int, ...]
