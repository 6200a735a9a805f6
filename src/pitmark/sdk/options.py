"""Options of a job: an options object of `pitmark.ops`, or a mapping of the same names.

The objects come with the parts of Pitmark that train and store; where only the client is
installed, a mapping says the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from pitmark.core.errors import InvalidInputError


def plain_options(options: Any) -> dict[str, Any]:
    """Options as plain JSON types; the server checks names and values.

    Args:
        options: A dataclass, a mapping, or None for the defaults.

    Returns:
        Name to value.

    Raises:
        InvalidInputError: It is something else.
    """
    if options is None:
        return {}
    if is_dataclass(options) and not isinstance(options, type):
        return {name: _plain(value) for name, value in asdict(options).items()}
    if isinstance(options, Mapping):
        return {str(name): _plain(value) for name, value in options.items()}
    raise InvalidInputError(
        f"options cannot be given as {type(options).__name__}",
        hint="Give a mapping from name to value, or an options object of pitmark.ops.",
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(v) for v in value]
    return value
