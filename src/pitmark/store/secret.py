"""Random secrets, and what of them may be kept."""

from __future__ import annotations

import hashlib
import secrets

_BYTES = 32


def new_secret(prefix: str = "") -> str:
    """A secret that nobody can guess: 256 random bits as text.

    Args:
        prefix: Says to a reader what it is for.

    Returns:
        Letters, digits, "-" and "_".
    """
    return prefix + secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> str:
    """What of a secret is kept: it tells nothing about it, and finds it again.

    Args:
        secret: Made by `new_secret`; not a password, which needs a slow hash.

    Returns:
        sha256 as 64 hex digits.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
