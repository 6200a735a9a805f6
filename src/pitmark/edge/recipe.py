"""A recipe: which release judges a part, where it looks, and what it lets pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pitmark.core.errors import InvalidInputError
from pitmark.core.geometry import Point
from pitmark.core.inspector import InspectorSpec

DEFAULT_RELEASE = "main"


@dataclass(frozen=True, slots=True)
class Region:
    """A polygon on the image, in pixels of the stored image.

    Where there are regions to look at, only findings in one of them count; a finding in a
    region to leave out (`ignore`) never does. A finding lies where its center lies.
    """

    name: str
    corners: tuple[Point, ...]
    ignore: bool = False

    def __post_init__(self) -> None:
        if len(self.corners) < 3:
            raise InvalidInputError(
                f"the region {self.name!r} has {len(self.corners)} corners",
                hint="A region needs three corners or more, each [x, y] in pixels.",
            )


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What is let pass of one class: findings below `score`, and up to `count` of them."""

    count: int = 0
    score: float = 0.0

    def __post_init__(self) -> None:
        if self.count < 0 or not 0 <= self.score <= 1:
            raise InvalidInputError(
                f"a tolerance of {self.count} findings and score {self.score} cannot be",
                hint="count is 0 or more, score lies between 0 and 1.",
            )


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one part is judged at one inspection point.

    `index` is what the control asks for. `release` names the slots of the device that hold
    the release. `crop_xywh` is cut out of the image before it is judged.
    """

    index: int = 0
    name: str = ""
    release: str = DEFAULT_RELEASE
    crop_xywh: tuple[int, int, int, int] | None = None
    regions: tuple[Region, ...] = ()
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.index <= 65_535:
            raise InvalidInputError(
                f"a recipe has the index {self.index}", hint="From 0 to 65535."
            )
        crop = self.crop_xywh
        if crop is not None and not (min(crop) >= 0 and crop[2] > 0 and crop[3] > 0):
            raise InvalidInputError(
                f"the crop {list(crop)} has no area",
                hint="A crop is [x, y, width, height] in pixels of the image.",
            )

    def check_fits(self, spec: InspectorSpec) -> None:
        """Make sure that a model can do what the recipe asks.

        Args:
            spec: Of the model.

        Raises:
            InvalidInputError: Regions or tolerances for a model that tells no places, or a
                tolerance for a class that it does not know.
        """
        if spec.task == "classification" and (self.regions or self.tolerances):
            raise InvalidInputError(
                f"recipe {self.index} has regions or tolerances, and its release judges"
                " the image as a whole",
                hint="Cut out the part of the image that counts with crop.",
            )
        unknown = sorted(set(self.tolerances) - set(spec.classes))
        if unknown:
            raise InvalidInputError(
                f"recipe {self.index} tolerates {unknown[0]!r}, a class that the release"
                " does not know",
                hint=f"Its classes: {', '.join(spec.classes)}.",
            )


def recipe_from_json(data: Mapping[str, Any]) -> Recipe:
    """A recipe from the points file.

    Args:
        data: The keys index, name, release, crop, regions and tolerances, all optional.

    Returns:
        The recipe.

    Raises:
        InvalidInputError: An unknown key, or a value that is not what it must be.
    """
    known = {"index", "name", "release", "crop", "regions", "tolerances"}
    check_keys(data, known, "a recipe")
    try:
        crop = data.get("crop")
        return Recipe(
            index=int(data.get("index", 0)),
            name=str(data.get("name", "")),
            release=str(data.get("release", DEFAULT_RELEASE)),
            crop_xywh=None if crop is None else _crop(crop),
            regions=tuple(_region(r) for r in data.get("regions", ())),
            tolerances={str(k): _tolerance(t) for k, t in data.get("tolerances", {}).items()},
        )
    except (TypeError, ValueError, AttributeError, KeyError) as exc:
        raise InvalidInputError(f"this is no recipe: {exc!r}") from exc


def check_keys(data: Mapping[str, Any], known: set[str], what: str) -> None:
    """Refuse keys that nothing reads: a misspelled setting must not be passed over.

    Args:
        data: As it was read.
        known: The keys there are.
        what: What it is, for the message.

    Raises:
        InvalidInputError: Another key, or no table of keys at all.
    """
    if not isinstance(data, Mapping):
        raise InvalidInputError(f"{what} must be a table of settings, found {data!r}")
    unknown = sorted(set(data) - known)
    if unknown:
        raise InvalidInputError(
            f"{what} has an unknown setting {unknown[0]!r}",
            hint=f"Known: {', '.join(sorted(known))}.",
        )


def _crop(value: Any) -> tuple[int, int, int, int]:
    left, top, width, height = (int(v) for v in value)
    return left, top, width, height


def _region(data: Mapping[str, Any]) -> Region:
    check_keys(data, {"name", "corners", "ignore"}, "a region")
    corners = tuple((float(x), float(y)) for x, y in data["corners"])
    return Region(str(data.get("name", "")), corners, bool(data.get("ignore", False)))


def _tolerance(data: Mapping[str, Any]) -> Tolerance:
    check_keys(data, {"count", "score"}, "a tolerance")
    return Tolerance(int(data.get("count", 0)), float(data.get("score", 0.0)))
