"""Shapes as the database keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pitmark.core.labels import Shape, shape_from_json, shape_to_json
from pitmark.store.plain_json import plain


def shapes_to_plain(shapes: Iterable[Shape]) -> list[Any]:
    """Shapes as they are kept: plain JSON.

    Args:
        shapes: Any shapes.

    Returns:
        One object per shape.
    """
    return [plain(shape_to_json(s)) for s in shapes]


def shapes_from_plain(data: Sequence[Mapping[str, Any]]) -> tuple[Shape, ...]:
    """The shapes that `shapes_to_plain` wrote.

    Args:
        data: One object per shape.

    Returns:
        The shapes.
    """
    return tuple(shape_from_json(d) for d in data)


def as_kept(shapes: Iterable[Shape]) -> tuple[Shape, ...]:
    """Shapes as they will be read back: a corner given as 3 comes back as 3.0.

    Args:
        shapes: Any shapes.

    Returns:
        The shapes; only these have the hash that is kept.
    """
    return shapes_from_plain(shapes_to_plain(shapes))
