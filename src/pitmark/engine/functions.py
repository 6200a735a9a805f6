"""The functions that do jobs: named in a table, imported when they are needed."""

from __future__ import annotations

import importlib
from typing import cast

from pitmark.core.errors import NotFoundError
from pitmark.engine.protocol import Functions, JobFunction


def load_table(name: str) -> Functions:
    """A table of functions by its name.

    Args:
        name: As in "package.module:TABLE".

    Returns:
        The table.
    """
    return cast("Functions", _named(name))


def load_function(functions: Functions, kind: str) -> JobFunction:
    """The function for a kind of job; only what the table names is ever imported.

    Args:
        functions: The table.
        kind: Of the job.

    Returns:
        The function.

    Raises:
        NotFoundError: The table has no such kind.
    """
    if kind not in functions:
        raise NotFoundError(
            f"there is no job of the kind {kind!r}",
            hint=f"Kinds: {', '.join(sorted(functions))}.",
        )
    return cast("JobFunction", _named(functions[kind]))


def _named(name: str) -> object:
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)
