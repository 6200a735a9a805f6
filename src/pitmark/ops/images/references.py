"""References of images: kept at the import, asked for in training, told in the report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.records import LabeledImage
from pitmark.formats.images import DecodedImage, decode_image
from pitmark.store.db import ProjectStore


class ReferenceKeeper:
    """Stores the references of an import; one that serves many images is read once.

    Args:
        project: Where to.
    """

    def __init__(self, project: ProjectStore) -> None:
        self._project = project
        self._kept: dict[Path, tuple[str, tuple[int, int], bool]] = {}

    def keep(self, path: Path, image: DecodedImage) -> str:
        """Store a reference, made sure that it fits its image.

        Args:
            path: Its file.
            image: The image.

        Returns:
            Its sha256.

        Raises:
            UnreadableImageError: It is no image.
            InvalidInputError: It cannot be read, or has another size or depth.
        """
        if path not in self._kept:
            self._kept[path] = self._read(path)
        sha, size_wh, deep = self._kept[path]
        wanted = (image.width, image.height), image.mode.endswith("16")
        if (size_wh, deep) != wanted:
            found, needed = (
                f"{wide}x{high} pixels of {16 if bits else 8} bits"
                for (wide, high), bits in ((size_wh, deep), wanted)
            )
            raise InvalidInputError(
                f"its reference {path.name} has {found}, the image {needed}"
            )
        return sha

    def _read(self, path: Path) -> tuple[str, tuple[int, int], bool]:
        try:
            data = path.read_bytes()
        except OSError as exc:
            reason = exc.strerror or "cannot be read"
            raise InvalidInputError(f"its reference {path.name}: {reason}") from exc
        found = decode_image(data, name=f"its reference {path.name}")
        sha = self._project.blobs.put(data)
        return sha, (found.width, found.height), found.mode.endswith("16")


def check_references(spec: InspectorSpec, images: Sequence[LabeledImage]) -> None:
    """Make sure that a model that compares can judge all images of a snapshot.

    Args:
        spec: Of the model.
        images: Of the snapshot.

    Raises:
        NotEnoughDataError: Some have no reference.
    """
    lacking = _lacking(images) if spec.reference else []
    if lacking:
        raise NotEnoughDataError(
            f"training images have references, but {len(lacking)} of {len(images)} images"
            f" have none (first: {lacking[0].image.name})",
            hint="Import these again with --reference, or train with --no-reference.",
        )


def reference_report(spec: InspectorSpec, images: Sequence[LabeledImage]) -> dict[str, Any]:
    """What the report of a run says about references.

    Args:
        spec: Of the model.
        images: Of the snapshot.

    Returns:
        `reference`: whether images were compared, and the same in words; nothing where no
        image has a reference.
    """
    lacking, text = _lacking(images), ""
    if spec.reference:
        text = "Every image is compared with its reference image."
    elif lacking and len(lacking) < len(images):
        text = (
            f"Nothing is compared with references: {len(lacking)} of {len(images)} images"
            f" have none (first: {lacking[0].image.name})."
        )
    elif not lacking and images:
        text = "Nothing is compared with references, although every image has one."
    return {"reference": {"used": spec.reference, "sentence": text}} if text else {}


def _lacking(images: Sequence[LabeledImage]) -> list[LabeledImage]:
    return [i for i in images if i.image.reference is None]
