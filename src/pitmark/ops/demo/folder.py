"""The folder of the demo: what an earlier demo left makes room, anything else is left alone."""

from __future__ import annotations

import shutil
from pathlib import Path

from pitmark.core.errors import ConflictError, NotFoundError
from pitmark.store.db import open_store

PROJECT = "casings"
_MARKER = "made-by-pitmark-demo.txt"


def make_room(home: Path) -> None:
    """Make room in a folder, if all that it holds is an earlier demo.

    Args:
        home: The folder; it is there and marked as a demo's afterwards.

    Raises:
        ConflictError: The folder holds something else.
    """
    marker = home / _MARKER
    if home.exists() and any(home.iterdir()):
        if not marker.exists():
            raise ConflictError(
                f"{home} exists and is not from a demo", hint="Name another folder: --into."
            )
        own = _own_projects(home)
        if own:
            raise ConflictError(
                f"the demo in {home} also holds {', '.join(own)}, made by somebody",
                hint="Name another folder: --into.",
            )
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)
    marker.write_text("Made by pitmark demo, which replaces this folder when run again.\n")


def _own_projects(home: Path) -> list[str]:
    try:
        with open_store(home, create=False) as store:
            return [name for name in store.project_names() if name != PROJECT]
    except NotFoundError:
        return []
