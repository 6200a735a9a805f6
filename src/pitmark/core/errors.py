"""Every error that Pitmark raises on purpose.

    PitmarkError                 something the user can act on
    ├── InvalidInputError        a value, file or argument is not what it must be
    │   ├── UnknownFormatError   a folder matches no format, or several
    │   ├── UnreadableImageError a file is not an image that can be read
    │   ├── TooLargeError        more bytes than are taken at once
    │   └── InvalidLabelError    an annotation or label book contradicts itself
    ├── NotSignedInError         nobody is signed in, or the token is unknown
    ├── NotAllowedError          the role or the scope of the token does not reach so far
    ├── TooManyError             too many attempts in a short time
    ├── NotFoundError            a project, image, run, ... that does not exist
    ├── ConflictError            it exists already, or something else holds it
    ├── NotEnoughDataError       the data cannot support what was asked for
    ├── BundleError              a bundle is damaged, altered or too new
    ├── ParityError              two runtimes disagree about the same image
    ├── StorageError             the workspace cannot be read or written
    │   └── NotReadyError        what is asked for is being read; ask again in a moment
    ├── MissingExtraError        an optional part of Pitmark is not installed
    └── CancelledError           the work was stopped on request

`code` is stable and goes into JSON; `hint` says what to do next.
"""

from __future__ import annotations

from typing import ClassVar


class PitmarkError(Exception):
    """An error that names what is wrong, which one, and what was found.

    Args:
        message: One sentence for the person who gave the input.
        hint: What to do about it; empty when there is nothing to add.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def to_json(self) -> dict[str, str]:
        """The one shape in which errors leave Pitmark: code, message, hint."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


class InvalidInputError(PitmarkError):
    """A value, file or argument is not what it must be."""

    code = "invalid_input"


class UnknownFormatError(InvalidInputError):
    """A folder matches no annotation format, or more than one."""

    code = "unknown_format"


class UnreadableImageError(InvalidInputError):
    """A file is not an image that can be read."""

    code = "unreadable_image"


class TooLargeError(InvalidInputError):
    """More bytes than are taken at once."""

    code = "too_large"


class InvalidLabelError(InvalidInputError):
    """An annotation or a label book contradicts itself."""

    code = "invalid_label"


class NotSignedInError(PitmarkError):
    """Nobody is signed in, or the session or token is unknown or has run out."""

    code = "not_signed_in"


class NotAllowedError(PitmarkError):
    """The role of the person, or the scope of the token, does not reach so far."""

    code = "not_allowed"


class TooManyError(PitmarkError):
    """Too many attempts in a short time."""

    code = "too_many"


class NotFoundError(PitmarkError):
    """Something that was named does not exist."""

    code = "not_found"


class ConflictError(PitmarkError):
    """It exists already, or something else holds it."""

    code = "conflict"


class NotEnoughDataError(PitmarkError):
    """The data cannot support what was asked for."""

    code = "not_enough_data"


class BundleError(PitmarkError):
    """A bundle is damaged, altered or made by a newer Pitmark."""

    code = "bad_bundle"


class ParityError(PitmarkError):
    """Two runtimes disagree about the same image by more than the tolerance."""

    code = "parity"


class StorageError(PitmarkError):
    """The workspace cannot be read or written."""

    code = "storage"


class NotReadyError(StorageError):
    """What is asked for is being read into memory: asking again in a moment will do."""

    code = "not_ready"


class MissingExtraError(PitmarkError):
    """An optional part of Pitmark is not installed."""

    code = "missing_extra"


class CancelledError(PitmarkError):
    """The work was stopped on request."""

    code = "cancelled"
