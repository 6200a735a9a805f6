"""Which image file is the mask of which, by folders and file names."""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from pitmark.formats.folder_words import is_generic, is_mask_folder
from pitmark.formats.listing import is_good
from pitmark.formats.scan import Folder, stem_of, suffix_of

_PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".jfif"})
_MASK_ENDINGS = ("_mask", "-mask", "_masks", "_gt", "-gt", "_label", "_seg", "_labelids")


@dataclass(slots=True)
class MaskPairs:
    """Image to mask, masks without an image, and folders that might hold masks too."""

    masks: dict[str, str] = field(default_factory=dict)
    orphans: list[str] = field(default_factory=list)
    rivals: list[str] = field(default_factory=list)

    @property
    def mask_names(self) -> set[str]:
        """All files that are masks."""
        return {*self.masks.values(), *self.orphans}


def find_pairs(folder: Folder) -> MaskPairs:
    """The masks of a folder, in folders of their own or beside the images.

    Args:
        folder: The folder.

    Returns:
        The pairs; empty where there are none.
    """
    apart = [n for n in folder.images if any(is_mask_folder(p) for p in _dirs(n))]
    pairs = _in_own_folders(folder, apart) if apart else _beside(folder)
    if apart and not pairs.masks:
        return _beside(folder)
    pairs.rivals = _rivals(folder, pairs)
    return pairs


def _in_own_folders(folder: Folder, apart: list[str]) -> MaskPairs:
    """masks/a/x.png belongs to images/a/x.jpg: the same path but for one folder."""
    waiting: dict[tuple[str, ...], str] = {}
    for name in apart:
        parts = _dirs(name)
        at = next(i for i, part in enumerate(parts) if is_mask_folder(part))
        key = (*parts[:at], *parts[at + 1 :], _bare_stem(name))
        waiting[key] = name
    claims: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    is_mask = set(apart)
    for name in folder.images:
        if name in is_mask:
            continue
        parts, stem = _dirs(name), stem_of(name)
        keys = [((*parts[:i], *parts[i + 1 :], stem), p) for i, p in enumerate(parts)]
        for key, left_out in (*keys, ((*parts, stem), "images")):
            if key in waiting:
                claims[waiting[key]].append((name, is_generic(left_out)))
                break
    pairs = MaskPairs()
    for mask, claimed in claims.items():
        likely = [n for n, generic in claimed if generic] or [n for n, _ in claimed]
        if len(likely) == 1:
            pairs.masks[likely[0]] = mask
    used = set(pairs.masks.values())
    pairs.orphans = [n for n in apart if n not in used]
    return pairs


def _beside(folder: Folder) -> MaskPairs:
    """x.png is the mask of x.jpg in the same folder, and x_mask.png that of x.png."""
    near: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in folder.images:
        near[(posixpath.dirname(name), stem_of(name))].append(name)
    pairs = MaskPairs()
    for (parent, stem), names in near.items():
        photos = [n for n in names if suffix_of(n) in _PHOTO_SUFFIXES]
        others = [n for n in names if suffix_of(n) not in _PHOTO_SUFFIXES]
        if len(photos) == 1 and len(others) == 1:
            pairs.masks[photos[0]] = others[0]
            continue
        for ending in _MASK_ENDINGS:
            found = near.get((parent, stem + ending), [])
            if len(names) == 1 and len(found) == 1:
                pairs.masks[names[0]] = found[0]
    return pairs


def _rivals(folder: Folder, pairs: MaskPairs) -> list[str]:
    """Folders beside that hold as many files as there are masks, and no paired image."""
    known = pairs.mask_names
    homes = {posixpath.dirname(n) for n in (*pairs.masks, *known)}
    strangers = (posixpath.dirname(n) for n in folder.images)
    others = Counter(
        d for d in strangers if d and d not in homes and not is_good(posixpath.basename(d))
    )
    return sorted(d for d, count in others.items() if count == len(pairs.masks))


def _bare_stem(name: str) -> str:
    stem = stem_of(name)
    for ending in _MASK_ENDINGS:
        if stem.casefold().endswith(ending):
            return stem[: -len(ending)]
    return stem


def _dirs(name: str) -> list[str]:
    return name.split("/")[:-1]
