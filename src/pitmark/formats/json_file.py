"""Reading JSON that a stranger wrote: every surprise becomes one clear error."""

from __future__ import annotations

import json
import math
import mmap
from collections.abc import Iterable
from typing import Any

from pitmark.core.errors import InvalidInputError
from pitmark.formats.scan import Folder


def load_object(folder: Folder, name: str) -> dict[str, Any]:
    """The object that a JSON file holds.

    Args:
        folder: The folder.
        name: One of its names.

    Returns:
        The object.

    Raises:
        InvalidInputError: Not JSON, nested too deeply, or not an object.
    """
    try:
        data = json.loads(folder.text(name))
    except (ValueError, RecursionError) as exc:
        raise InvalidInputError(f"{name} is not valid JSON: {exc}") from exc
    if not isinstance(data, dict):
        raise InvalidInputError(f"{name} holds a JSON {type(data).__name__}, not an object")
    return data


def objects(value: object) -> list[dict[str, Any]]:
    """The objects of a JSON list; anything else is passed over.

    Args:
        value: What stands where a list of objects is expected.

    Returns:
        The objects.
    """
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def number(value: object) -> float:
    """A JSON number; NaN for anything else, so that the checks of shapes catch it.

    Args:
        value: What stands where a number is expected.

    Returns:
        The number.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def pixels_count(value: object) -> int:
    """A number of pixels; 0 where the file says nothing sensible.

    Args:
        value: What stands where a width or height is expected.

    Returns:
        At least 0.
    """
    found = number(value)
    return int(found) if math.isfinite(found) and found > 0 else 0


def holds_all(folder: Folder, name: str, words: Iterable[bytes]) -> bool:
    """Whether a file contains some words, without reading it into memory.

    Args:
        folder: The folder.
        name: One of its names.
        words: What to look for.

    Returns:
        True when all occur.
    """
    try:
        with folder.path(name).open("rb") as stream:
            if stream.seek(0, 2) == 0:
                return False
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as view:
                return all(view.find(word) >= 0 for word in words)
    except OSError:
        return False
