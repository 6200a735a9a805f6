"""What the names of folders say: a class, a split, or only how files are arranged."""

from __future__ import annotations

from collections.abc import Iterable

from pitmark.formats.scan import split_of, split_word

_GENERIC = frozenset({"data", "datas", "dataset", "img", "imgs", "jpegimages", "input", "rgb"})
_MASKS = frozenset(
    {"gt", "ground_truth", "groundtruth", "segmentation", "segmentations", "labels"}
    | {"annotations", "segmentationclass", "segmentationobject", "labelids"}
)


def is_mask_folder(part: str) -> bool:
    """Whether a folder of this name usually holds masks.

    Args:
        part: One folder name.

    Returns:
        True for masks, ground_truth, mask-images and the like.
    """
    word = part.casefold()
    return word in _MASKS or "mask" in word


def is_generic(part: str) -> bool:
    """Whether a folder name says nothing about what its images show.

    Args:
        part: One folder name.

    Returns:
        True for images, data, Imgs and the like, and for folders of masks.
    """
    word = part.casefold()
    return word in _GENERIC or "image" in word or is_mask_folder(part)


def class_folder(name: str) -> str | None:
    """The innermost folder of a file that can be the name of a class.

    Args:
        name: The file, with forward slashes.

    Returns:
        The folder name, or None where all folders are generic or name the split.
    """
    parts = name.split("/")[:-1]
    if split_of(name) is not None:
        outer = next(i for i, part in enumerate(parts) if split_word(part))
        parts = parts[outer + 1 :]
    return next((part for part in reversed(parts) if not is_generic(part)), None)


def without_common_prefix(names: Iterable[str]) -> dict[str, str]:
    """Class names without a prefix that all folders share, as in MT_Crack and MT_Fray.

    Args:
        names: Folder names.

    Returns:
        Folder name to class name; nothing is cut unless the prefix ends in _ or -.
    """
    known = sorted(set(names))
    first, last = (known[0], known[-1]) if len(known) > 1 else ("", "")
    same = [a == b for a, b in zip(first, last, strict=False)]
    prefix = first[: same.index(False) if False in same else len(same)]
    cut = max(prefix.rfind("_"), prefix.rfind("-")) + 1
    return {name: name[cut:] or name for name in known}
