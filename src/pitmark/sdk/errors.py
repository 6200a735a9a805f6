"""Errors that a server tells of, as the classes that `pitmark.open` raises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pitmark.core.errors import PitmarkError, StorageError


def error_of(status: int, body: Mapping[str, Any]) -> PitmarkError:
    """The error that an answer tells of.

    Args:
        status: Of HTTP.
        body: `{code, message, hint}`; anything else is not from Pitmark.

    Returns:
        The error of that code, to be raised.
    """
    code, message = body.get("code"), body.get("message")
    if not isinstance(code, str) or not isinstance(message, str):
        return StorageError(
            f"the server answers with the status {status} and without a word",
            hint="Check the URL: is this the server of Pitmark, and is it well?",
        )
    return error_by_code(code, message, str(body.get("hint") or ""))


def error_by_code(code: str, message: str, hint: str) -> PitmarkError:
    """An error of a code.

    Args:
        code: Stable name of the error.
        message: What is wrong.
        hint: What to do about it.

    Returns:
        The error, of the class that has this code; a plain PitmarkError where none has.
    """
    found = next((kind for kind in _kinds(PitmarkError) if kind.code == code), PitmarkError)
    return found(message, hint=hint)


def _kinds(kind: type[PitmarkError]) -> Iterator[type[PitmarkError]]:
    yield kind
    for more in kind.__subclasses__():
        yield from _kinds(more)
