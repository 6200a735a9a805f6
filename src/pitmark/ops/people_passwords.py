"""Passwords: slow hashes, and checks that take as long for emails that nobody has."""

from __future__ import annotations

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pitmark.core.errors import InvalidInputError

SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 1000
# A check takes 64 MiB: many at once must not take all the memory of a small machine.
_AT_ONCE = threading.BoundedSemaphore(2)
_HASHER = PasswordHasher()


def hash_password(password: str) -> str:
    """What of a password is kept.

    Args:
        password: 10 to 1000 characters.

    Returns:
        An argon2id hash with its own salt.

    Raises:
        InvalidInputError: Too short, too long, or one character over and over.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidInputError(
            f"a password has at least {SHORTEST_PASSWORD} characters, found {len(password)}",
            hint="Four words that do not belong together are easy to keep in mind.",
        )
    if len(set(password)) == 1:
        raise InvalidInputError("the password is one character over and over")
    with _AT_ONCE:
        return _HASHER.hash(password)


def check_password(password: str, kept: str | None) -> bool:
    """Whether a password is the right one.

    Args:
        password: As typed.
        kept: Made by `hash_password`; None where nobody has this email, which takes as long.

    Returns:
        Whether it is right; never for None.
    """
    with _AT_ONCE:
        try:
            right = _HASHER.verify(kept or _nobody(), password)
        except (VerificationError, InvalidHashError):
            return False
    return right and kept is not None


@cache
def _nobody() -> str:
    return _HASHER.hash("the password of nobody")
