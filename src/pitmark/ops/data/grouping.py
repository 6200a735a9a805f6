"""Propose which images belong to one part, lot or time run, and put them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.progress import Reporter, silent
from pitmark.ops.data.likeness import Likeness, images_as_split, look_alike, said
from pitmark.ops.data.looks import keep_look
from pitmark.quality.copies.duplicates import duplicate_groups
from pitmark.quality.copies.group_key import (
    SIMILARITY,
    GroupKey,
    grouping_of,
    propose_group_keys,
)
from pitmark.quality.copies.leak_effect import Effect, regrouping_effect
from pitmark.quality.copies.nearest_rows import nearest_rows
from pitmark.store.db import ProjectStore

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class GroupProposals:
    """Candidates for the group key, and how the images are grouped now.

    `effects` say, for the keys that were tried, what a split that tears such groups adds
    to a score; `leaked_now` is what a random split would leak of the best key's groups.
    """

    keys: tuple[GroupKey, ...]
    effects: dict[str, Effect]
    images: int
    grouped_now: int
    near_pairs: int

    def to_json(self) -> dict[str, Any]:
        """As plain JSON types."""
        rows = []
        for key in self.keys:
            effect = self.effects.get(key.key)
            rows.append({**key.to_json(), "effect": effect and effect.to_json()})
        return {
            "images": self.images,
            "grouped_now": self.grouped_now,
            "near_pairs": self.near_pairs,
            "candidates": rows,
        }


@dataclass(frozen=True, slots=True)
class Regrouped:
    """What accepting a key did: images in a group of at least two, and groups."""

    key: str
    groups: int
    images: int
    alone: int
    largest: int

    def to_json(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "key": self.key,
            "groups": self.groups,
            "images": self.images,
            "alone": self.alone,
            "largest": self.largest,
        }


def propose_groups(
    project: ProjectStore, *, embed: bool = True, report: Reporter = silent
) -> GroupProposals:
    """Ranked candidates for what keeps images together in splits.

    Args:
        project: The project.
        embed: Let the shipped backbone look as well; finds what only it sees as alike.
        report: Told of the progress.

    Returns:
        At most eight candidates with reasons.

    Raises:
        NotEnoughDataError: Fewer than two images.
    """
    images = images_as_split(project)
    if len(images) < 2:
        raise NotEnoughDataError(
            f"project {project.info.name!r} has {len(images)} images, too few to group",
            hint="Import images first.",
        )
    seen = look_alike(project, images, report, embed=embed)
    classes = [None if i.shapes is None else said(i.shapes) for i in images]
    keys = propose_group_keys(
        [i.image.name for i in images],
        [i.image.metadata for i in images],
        _links(seen),
        alike=_alike(seen),
        classes=classes,
    )[:_SHOWN]
    best = keys[0] if keys else None
    told = {"key": best.key, "leaked": best.leaked} if best else {}
    keep_look(project, "groups", len(images), told)
    return GroupProposals(
        keys=tuple(keys),
        effects=_effects(seen, keys),
        images=len(images),
        grouped_now=sum(i.image.group is not None for i in images),
        near_pairs=len(seen.pairs),
    )


def accept_groups(
    project: ProjectStore, key: str, *, by: str, report: Reporter = silent
) -> Regrouped:
    """Regroup all images by a key; the next snapshot keeps the groups together.

    Args:
        project: The project.
        key: Of a proposal, or "metadata:A,B" of any columns.
        by: Who decides.
        report: Told of the progress.

    Returns:
        What was grouped.

    Raises:
        InvalidInputError: The images have no such key, or it groups nothing.
    """
    images = images_as_split(project)
    alike: Sequence[Sequence[int]] = ()
    if key == SIMILARITY:
        alike = _alike(look_alike(project, images, report, embed=True))
    groups = grouping_of(
        key, [i.image.name for i in images], [i.image.metadata for i in images], alike=alike
    )
    sizes = Counter(g for g in groups if g is not None)
    if not sizes or max(sizes.values()) < 2:
        raise InvalidInputError(
            f"the key {key!r} puts no two images together",
            hint="See what pitmark groups propose lists.",
        )
    told = {i.image.sha256: g for i, g in zip(images, groups, strict=True)}
    together = sum(n for n in sizes.values() if n > 1)
    done = Regrouped(key, len(sizes), together, len(images) - together, max(sizes.values()))
    with project.transaction():
        project.images.set_group(told)
        project.audit.log(by, "regroup", "images", done.to_json())
    return done


def _links(seen: Likeness) -> list[tuple[int, int]]:
    """Pairs that show the same, and each image's nearest by the backbone."""
    place = seen.place
    found = {tuple(sorted((place[p.first], place[p.second]))) for p in seen.pairs}
    if seen.vectors is not None:
        near, _ = nearest_rows(seen.vectors, 1)
        found |= {tuple(sorted((n, int(m)))) for n, m in enumerate(near[:, 0])}
    return [(a, b) for a, b in sorted(found)]


def _alike(seen: Likeness) -> list[list[int]]:
    place = seen.place
    return [[place[sha] for sha in group] for group in duplicate_groups(seen.pairs)]


def _effects(seen: Likeness, keys: Sequence[GroupKey]) -> dict[str, Effect]:
    labeled = [n for n, i in enumerate(seen.images) if i.shapes is not None]
    if seen.vectors is None or not labeled:
        return {}
    told = [said(seen.images[n].shapes) for n in labeled]
    out = {}
    for key in keys:
        groups = [key.groups[n] or f"alone {n}" for n in labeled]
        effect = regrouping_effect(seen.vectors[labeled], told, groups)
        if effect is not None:
            out[key.key] = effect
    return out
