"""MVTec layout: good images for training, good and defective ones for the test.

    train/good/000.png
    test/good/000.png    test/crack/000.png
    ground_truth/crack/000_mask.png            (optional)

Several such categories may lie side by side. Holds: which images are good, one defect
class per image with its mask. Not: boxes and outlines as such, a validation split,
defects in training, unlabeled images.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict

import numpy as np

from pitmark.core.errors import PitmarkError
from pitmark.core.labels import ImageClass, Shape, mask_shape, shape_mask
from pitmark.core.records import LabeledImage
from pitmark.formats.export import put, put_image, safe_part, stems
from pitmark.formats.gathering import Gathering
from pitmark.formats.images import decode_mask_image, encode_png
from pitmark.formats.listing import (
    Evidence,
    Format,
    Listing,
    Strength,
    WriteJob,
    counted,
    is_good,
)
from pitmark.formats.scan import Folder, split_word, stem_of

_PLACE = re.compile(
    r"(?P<category>(?:.*/)?)(?P<part>train|val|validation|test|ground_truth)"
    r"/(?P<kind>[^/]+)/(?P<rest>.+)"
)
_Key = tuple[str, str, str]


def evidence(folder: Folder) -> Evidence | None:
    """Training images that are all good, and a test folder with defects.

    Args:
        folder: The folder.

    Returns:
        Evidence, or None.
    """
    kinds: dict[str, set[str]] = defaultdict(set)
    for name in folder.images:
        place = _PLACE.fullmatch(name)
        if place:
            kinds[place["part"]].add(place["kind"])
    if kinds["train"] != {"good"} or not kinds["test"] - {"good"}:
        return None
    defects = ", ".join(sorted(kinds["test"] - {"good"})[:4])
    return Evidence(Strength.LABEL_FILES, f"train/good only, and test/ with {defects}")


def read(folder: Folder) -> Listing:
    """Good images with nothing marked, defective ones with their mask or class.

    Args:
        folder: The folder.

    Returns:
        The listing.
    """
    found = Gathering(folder, "mvtec")
    masks: dict[_Key, list[str]] = defaultdict(list)
    images: list[tuple[str, _Key]] = []
    categories = set()
    for name in folder.images:
        place = _PLACE.fullmatch(name)
        if place is None:
            found.note("images lie outside train, test and ground_truth: passed over", name)
        elif place["part"] == "ground_truth":
            stem = place["rest"].split("/")[0] if "/" in place["rest"] else stem_of(name)
            key = (place["category"], place["kind"], stem.removesuffix("_mask"))
            masks[key].append(name)
        else:
            categories.add(place["category"])
            images.append((name, (place["category"], place["kind"], stem_of(name))))
    for name, key in images:
        category = key[0].rstrip("/")
        metadata = {"category": category} if len(categories) > 1 else {}
        split = split_word(name[len(key[0]) :].split("/")[0])
        shapes = [] if is_good(key[1]) else _shapes(found, name, key[1], masks.get(key, []))
        if name not in found:
            found.add(name, shapes, split=split, metadata=dict(metadata))
    return found.listing()


def _shapes(
    found: Gathering, name: str, defect: str, masks: list[str]
) -> list[Shape | None] | None:
    """None where the masks are of another size; the image is left out if one is broken."""
    if not masks:
        found.note("defective images have no mask: only their class is known", name)
        return [ImageClass(defect)]
    size_wh = found.size(name)
    if size_wh is None:
        return None
    whole = np.zeros(size_wh[::-1], dtype=bool)
    for mask_file in masks:
        try:
            mask = decode_mask_image(found.folder.path(mask_file).read_bytes(), mask_file)
        except PitmarkError as exc:
            found.fail(name, exc.message)
            return None
        if not found.fits(name, mask.shape[::-1], size_wh):
            return None
        whole |= mask > 0
    if not whole.any():
        found.note("masks of defective images mark nothing: only the class kept", name)
        return [ImageClass(defect)]
    return [mask_shape(defect, whole)]


def write(job: WriteJob) -> list[str]:
    """Write train/good, test/defect and ground_truth/defect.

    Args:
        job: What to write.

    Returns:
        What was lost.
    """
    lost: Counter[str] = Counter()
    for item, stem in stems(job.images):
        if item.shapes is None:
            lost["unlabeled images were left out"] += 1
            continue
        defects = [s for s in item.shapes if not (_is_class(s) and is_good(s.label))]
        if not defects:
            lost["good images of val went to train"] += item.split == "val"
            put_image(job, item, "test/good" if item.split == "test" else "train/good", stem)
            continue
        lost["defective images of train and val went to test"] += item.split != "test"
        kind = _defect_folder(defects, lost)
        put_image(job, item, f"test/{kind}", stem)
        mask = _union(item, [s for s in defects if not _is_class(s)])
        if mask.any():
            data = encode_png(mask.astype(np.uint8) * 255)
            put(job.out / f"ground_truth/{kind}/{stem}_mask.png", data)
    return counted(lost)


def _defect_folder(defects: list[Shape], lost: Counter[str]) -> str:
    labels = list(dict.fromkeys(s.label for s in defects))
    lost["further classes of an image took the first one"] += len(labels) - 1
    lost["shapes of an image were joined to one mask"] += len(defects) > 1
    lost["outlines and boxes became masks"] += sum(
        type(s).__name__ in ("BoxShape", "PolygonShape") for s in defects
    )
    part = safe_part(labels[0])
    part = f"{part}_defect" if is_good(part) else part
    lost["class names were changed to make folder names"] += part != labels[0]
    return part


def _union(item: LabeledImage, shapes: list[Shape]) -> np.typing.NDArray[np.bool_]:
    size_wh = item.image.size_wh
    whole = np.zeros(size_wh[::-1], dtype=bool)
    for shape in shapes:
        whole |= shape_mask(shape, size_wh)
    return whole


def _is_class(shape: Shape) -> bool:
    return isinstance(shape, ImageClass)


FORMAT = Format("mvtec", "MVTec layout", evidence, read, write)
