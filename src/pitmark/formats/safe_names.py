"""Names of files that strangers gave: relative, plain, and no two of them alike."""

from __future__ import annotations

import re
import unicodedata

from pitmark.core.errors import InvalidInputError

_LONGEST_NAME, _LONGEST_PART = 1000, 240
_DRIVE = re.compile(r"[A-Za-z]:")


class Names:
    """The names that are taken in a folder, as the strictest file system sees them."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def take(self, name: str, *, folder: bool = False) -> str:
        """Take a name.

        Args:
            name: As a stranger gave it.
            folder: Whether it is a folder, which may be named twice.

        Returns:
            The name with forward slashes, safe to join to a folder.

        Raises:
            InvalidInputError: It leads outside, cannot be a file name, or is taken.
        """
        safe = safe_name(name)
        key = _key(safe)
        parts = key.split("/")
        above = {"/".join(parts[:n]) for n in range(1, len(parts))}
        taken = self._files | (set() if folder else self._folders)
        if key in taken or above & self._files:
            raise InvalidInputError(
                f"the name {name[:200]!r} is there twice, or differs from another only in the"
                " case of its letters",
                hint="Rename one of the files.",
            )
        self._folders |= above | ({key} if folder else set())
        if not folder:
            self._files.add(key)
        return safe


def safe_name(name: str) -> str:
    """A relative name that stays below the folder it is joined to.

    Args:
        name: As a stranger gave it.

    Returns:
        The same with single forward slashes and without "." parts.

    Raises:
        InvalidInputError: It is absolute, has "..", a backslash, a drive or an unprintable
            character, is too long, or is no name at all.
    """
    parts = [p for p in name.split("/") if p not in ("", ".")]
    reason = ""
    if not parts:
        reason = "is no name of a file"
    elif name.startswith("/") or _DRIVE.match(name):
        reason = "is absolute"
    elif "\\" in name:
        reason = "has a backslash"
    elif ".." in parts:
        reason = "leads out of its folder"
    elif not name.isprintable():
        reason = "has characters that cannot be shown"
    elif len(name) > _LONGEST_NAME or any(_long(p) for p in parts):
        reason = "is too long"
    if reason:
        raise InvalidInputError(
            f"the name {name[:200]!r} {reason}", hint="Pack the files anew with plain names."
        )
    return "/".join(parts)


def _key(name: str) -> str:
    """A name as a file system sees it that knows neither case nor trailing dots."""
    parts = unicodedata.normalize("NFC", name).casefold().split("/")
    return "/".join(p.rstrip(" .") or p for p in parts)


def _long(part: str) -> bool:
    return len(part.encode("utf-8", "surrogatepass")) > _LONGEST_PART
