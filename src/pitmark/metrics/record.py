"""Results as plain JSON types: what cannot be told is null, never NaN."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np


class Record:
    """A frozen dataclass of results that can be written as JSON."""

    def to_json(self) -> dict[str, Any]:
        """The fields as plain JSON types; NaN and infinity become None."""
        assert dataclasses.is_dataclass(self)
        return {
            field.name: to_plain(getattr(self, field.name))
            for field in dataclasses.fields(self)
        }


def to_plain(value: object) -> Any:
    """A value in the types that JSON knows.

    Args:
        value: Record, mapping, sequence, array, number, string, bool or None.

    Returns:
        dict, list, str, int, float, bool or None; NaN and infinity become None.

    Raises:
        TypeError: The value has no JSON form.
    """
    if isinstance(value, Record):
        return value.to_json()
    if isinstance(value, np.ndarray | np.generic):
        return to_plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")
