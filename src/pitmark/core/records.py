"""Images with what is known about them, and snapshots: immutable versions of the data."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

from pitmark.core.labels import Shape

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")
MetadataValue = str | int | float | bool
Metadata = Mapping[str, MetadataValue]

# Gives the pixels of an image by its sha256: (H, W) or (H, W, 3), uint8 or uint16.
PixelLoader = Callable[[str], NDArray[Any]]


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """One image: its bytes are known by `sha256`, everything else describes them.

    `mode` is L or RGB for 8 bits a channel, L16 or RGB16 for 16. `name` is how the
    user knows it and never a path to open. `group` names the physical part (or lot, or
    time run): images of one group never part between splits. `reference` is the sha256
    of a picture of the same part without defects, aligned with this one: it is no image
    of the project, only something to compare with.
    """

    sha256: str
    width: int
    height: int
    mode: str
    name: str
    metadata: Metadata = field(default_factory=dict)
    group: str | None = None
    synthetic: bool = False
    reference: str | None = None

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width, self.height

    @property
    def group_key(self) -> str:
        """The group, or the image itself where it belongs to none."""
        return self.group if self.group is not None else self.sha256


@dataclass(frozen=True, slots=True)
class LabeledImage:
    """An image with what is held to be true of it; `shapes` is None where unlabeled."""

    image: ImageRecord
    shapes: tuple[Shape, ...] | None
    split: Split


def references_of(images: Iterable[LabeledImage]) -> dict[str, str]:
    """Which image is compared with which reference.

    Args:
        images: Any images.

    Returns:
        sha256 of images to that of their reference, for those that have one.
    """
    records = (i.image for i in images)
    return {r.sha256: r.reference for r in records if r.reference is not None}


@dataclass(frozen=True, slots=True, order=True)
class SnapshotItem:
    """One line of a snapshot.

    `labels_hash` is empty for an unlabeled image, `reference` where it is compared with
    nothing.
    """

    sha256: str
    labels_hash: str
    split: Split
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An immutable version of the data; its id is the Merkle root of its items.

    Two snapshots with the same images, labels, splits, references and classes have the
    same id, wherever and whenever they were made.
    """

    items: tuple[SnapshotItem, ...]
    classes: tuple[str, ...]
    id: str

    @staticmethod
    def of(items: Iterable[SnapshotItem], classes: Iterable[str]) -> Snapshot:
        """The snapshot of some items.

        Args:
            items: In any order.
            classes: Class names in the order of the label book.

        Returns:
            Items sorted, id computed.
        """
        ordered = tuple(sorted(items))
        names = tuple(classes)
        leaves = [_leaf("class", n) for n in names]
        leaves += [_item_leaf(i) for i in ordered]
        return Snapshot(ordered, names, merkle_root(leaves))

    def diff(self, newer: Snapshot) -> SnapshotDiff:
        """What changed from this snapshot to a newer one.

        Args:
            newer: The other snapshot.

        Returns:
            Hashes of images added, removed, relabeled, moved between splits, and
            compared with another reference.
        """
        old = {i.sha256: i for i in self.items}
        new = {i.sha256: i for i in newer.items}
        both = sorted(old.keys() & new.keys())
        return SnapshotDiff(
            added=tuple(sorted(new.keys() - old.keys())),
            removed=tuple(sorted(old.keys() - new.keys())),
            relabeled=tuple(s for s in both if old[s].labels_hash != new[s].labels_hash),
            moved=tuple(s for s in both if old[s].split != new[s].split),
            compared=tuple(s for s in both if old[s].reference != new[s].reference),
        )


@dataclass(frozen=True, slots=True)
class SnapshotDiff:
    """The images in which two snapshots differ, by sha256."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    relabeled: tuple[str, ...]
    moved: tuple[str, ...]
    compared: tuple[str, ...] = ()


def merkle_root(leaves: Iterable[bytes]) -> str:
    """The root hash over ordered leaf hashes.

    Leaves and inner nodes are hashed with different prefixes, so that no list of leaves
    can be passed off as an inner node. Source: the tree of RFC 6962, section 2.1.

    Args:
        leaves: 32-byte hashes.

    Returns:
        64 hexadecimal digits; the hash of nothing for no leaves.
    """
    level = list(leaves)
    if not level:
        return hashlib.sha256(b"").hexdigest()
    while len(level) > 1:
        paired = [
            hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest()
            for i in range(0, len(level) - 1, 2)
        ]
        level = paired + ([level[-1]] if len(level) % 2 else [])
    return level[0].hex()


def _item_leaf(item: SnapshotItem) -> bytes:
    # Without references the ids are those of before there were any.
    compared = (item.reference,) if item.reference else ()
    return _leaf("item", item.sha256, item.labels_hash, item.split, *compared)


def _leaf(*fields: str) -> bytes:
    text = "\x00".join(f"{len(f.encode())}:{f}" for f in fields)
    return hashlib.sha256(b"\x00" + text.encode()).digest()
