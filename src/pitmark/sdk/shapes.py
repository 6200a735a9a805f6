"""Shapes between the core and the wire."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter

from pitmark.core.labels import Shape, shape_from_json, shape_to_json
from pitmark.wire.labels import Shape as WireShape

_ADAPTER: TypeAdapter[WireShape] = TypeAdapter(WireShape)


def to_wire(shapes: Sequence[Shape]) -> list[WireShape]:
    """Shapes as they travel.

    Args:
        shapes: Any shapes.

    Returns:
        One message each.
    """
    return [_ADAPTER.validate_python(shape_to_json(shape)) for shape in shapes]


def from_wire(shapes: Sequence[WireShape] | None) -> tuple[Shape, ...] | None:
    """Shapes as they are used.

    Args:
        shapes: As they traveled; None for none at all.

    Returns:
        One shape each, or None.
    """
    if shapes is None:
        return None
    return tuple(shape_from_json(shape.model_dump()) for shape in shapes)
