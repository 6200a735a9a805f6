"""Pitmark: data-centric visual inspection, from fifty labeled images to the edge."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pitmark.sdk.workspace import RemoteWorkspace
    from pitmark.workspace.home import Workspace

__version__ = "0.1.0"


def open(
    home: str | Path, *, create: bool = True, database_url: str | None = None
) -> Workspace:
    """Open a workspace: a folder with all projects, images and models.

    Args:
        home: The folder.
        create: Make it if it does not exist.
        database_url: Keep a new workspace in this PostgreSQL database instead of SQLite,
            such as postgresql+psycopg://user:password@host:5432/name.

    Returns:
        The workspace.

    Raises:
        NotFoundError: There is no workspace and `create` is off.
        ConflictError: The workspace uses another database than `database_url`.
        StorageError: The folder or the database cannot be used.
    """
    from pitmark.workspace.home import Workspace  # noqa: PLC0415 - a device loads no SQL

    return Workspace.open(Path(home), create=create, database_url=database_url)


def connect(url: str, token: str, *, organisation: str = "local") -> RemoteWorkspace:
    """Connect to the workspace of a server: the objects of `open`, over HTTP.

    Args:
        url: Where the server is, such as http://127.0.0.1:8321.
        token: Made in the web app under People; what is said is said by its person.
        organisation: Whose projects to see.

    Returns:
        The workspace.

    Raises:
        InvalidInputError: The URL is none, or the token is empty.
        NotSignedInError: The server does not know the token.
        NotFoundError: The person does not belong to the organisation.
        StorageError: The server cannot be reached.
    """
    from pitmark.sdk.workspace import RemoteWorkspace  # noqa: PLC0415 - the core needs no HTTP

    return RemoteWorkspace.connect(url, token, organisation=organisation)
