"""Values as plain JSON types, so that every database and every reader takes them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from pitmark.core.errors import InvalidInputError


def plain(value: Any) -> Any:
    """A value as plain JSON types: numpy numbers as numbers, tuples as lists.

    A number that is not finite becomes None, for JSON has no such number.

    Args:
        value: None, text, numbers, and mappings and sequences of these.

    Returns:
        The same in dict, list, str, int, float, bool, None.

    Raises:
        InvalidInputError: Something else is in it.
    """
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    raise InvalidInputError(f"{type(value).__name__} cannot be kept as JSON: {value!r:.80}")


def dump_json(value: Any) -> str:
    """JSON text, compact; refuses what is no JSON.

    Args:
        value: Plain JSON types.

    Returns:
        The text.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
