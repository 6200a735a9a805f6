"""Parts of a device that not every device needs, loaded when they are asked for."""

from __future__ import annotations

import importlib
from typing import Any

from pitmark.core.errors import MissingExtraError


def load_extra(module: str, extra: str, what: str) -> Any:
    """A module of an optional dependency.

    Args:
        module: Its name.
        extra: The extra of Pitmark that installs it.
        what: What needs it, for the message.

    Returns:
        The module.

    Raises:
        MissingExtraError: It is not installed, or cannot be loaded on this machine.
    """
    try:
        return importlib.import_module(module)
    except ImportError as exc:
        raise MissingExtraError(
            f"{what} needs {module.partition('.')[0]}, which is not installed here ({exc})",
            hint=f'Install it with: pip install "pitmark[{extra}]"',
        ) from exc
