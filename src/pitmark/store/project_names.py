"""What a project may be called."""

from __future__ import annotations

import unicodedata

from pitmark.core.errors import InvalidInputError

_LONGEST_NAME = 64


def check_project_name(name: str) -> None:
    """Refuse what no project can be called.

    Args:
        name: 1 to 64 characters, without slashes and control characters.

    Raises:
        InvalidInputError: It is none.
    """
    if not 1 <= len(name) <= _LONGEST_NAME or name != name.strip():
        raise InvalidInputError(
            f"a project name has 1 to {_LONGEST_NAME} characters and no space at its ends,"
            f" found {name[:80]!r}"
        )
    # Categories C* are control characters, invisible ones and halves of pairs.
    odd = [c for c in name if c in "/\\" or unicodedata.category(c).startswith("C")]
    if odd or name in (".", ".."):
        raise InvalidInputError(
            f"a project cannot be called {name!r}",
            hint="Leave out slashes and control characters.",
        )
