"""The workspace as each organisation sees it, opened once and shared by all requests."""

from __future__ import annotations

import threading
from pathlib import Path

from pitmark.store.db import Store, open_store


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

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            for store in self._open.values():
                store.close()
            self._open.clear()
