"""The workspace as each organisation sees it, opened once and shared by all requests."""

from __future__ import annotations

import threading
from pathlib import Path

from pitmark.store.db import DEFAULT_ORGANISATION, Store, open_store
from pitmark.store.scope import Scope


class Stores:
    """One open store per organisation of a workspace.

    Args:
        home: The folder of the workspace.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self._open: dict[str, Store] = {}
        self._lock = threading.Lock()

    def of(self, organisation: str) -> Store:
        """The workspace as an organisation sees it.

        Args:
            organisation: Its id.

        Returns:
            The store; the same object for everyone.

        Raises:
            NotFoundError: No such organisation.
        """
        with self._lock:
            if organisation not in self._open:
                self._open[organisation] = open_store(self.home, organisation=organisation)
            return self._open[organisation]

    def local(self) -> Store:
        """The organisation that every workspace has; accounts are asked for through it."""
        return self.of(DEFAULT_ORGANISATION)

    def names(self) -> list[str]:
        """The ids of all organisations, as of now."""
        return sorted(Scope.organisations(self.local().database))

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            for store in self._open.values():
                store.close()
            self._open.clear()
