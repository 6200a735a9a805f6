"""That somebody looked, and what they saw: so that nobody is sent to look again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pitmark.store.db import ProjectStore

_ACTION = "look"
# What was seen still counts while at most one image in ten has come since.
_STILL_COVERED = 0.9


def keep_look(project: ProjectStore, what: str, images: int, seen: Mapping[str, Any]) -> None:
    """Write into the audit log that the images were looked through for something.

    Args:
        project: The project.
        what: For what, such as "groups".
        images: How many images were looked at.
        seen: What was found, as plain JSON values.
    """
    project.audit.log("", _ACTION, what, {"images": images, **seen})


def last_look(project: ProjectStore, what: str, images: int) -> Mapping[str, Any] | None:
    """What was seen the last time, if that still tells of the images there are.

    Args:
        project: The project.
        what: For what.
        images: How many images there are to look at now.

    Returns:
        What was found, or None where nobody looked or many images came since.
    """
    entry = project.audit.newest(_ACTION, what)
    if entry is None or entry.details["images"] < _STILL_COVERED * images:
        return None
    return entry.details
