"""The workspace as each organisation sees it: one database, shared by all requests.

All organisations share the connections, so their number does not grow with that of the
organisations. What is kept of an organisation is a few objects; of those that were not
asked for since long they are let go, and whoever still works with them may go on.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from pitmark.store.db import DEFAULT_ORGANISATION, Store, open_store
from pitmark.store.scope import Scope

MOST_KEPT = 100


class Stores:
    """The organisations of a workspace, over one database.

    Args:
        home: The folder of the workspace.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self._first: Store | None = None
        self._kept: OrderedDict[str, Store] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, organisation: str) -> Store:
        """The workspace as an organisation sees it.

        Args:
            organisation: Its id.

        Returns:
            The store; it can be used until these stores are closed.

        Raises:
            NotFoundError: No such organisation.
        """
        with self._lock:
            if self._first is None:
                self._first = open_store(self.home)
            if organisation == DEFAULT_ORGANISATION:
                return self._first
            if organisation not in self._kept:
                self._kept[organisation] = self._first.of(organisation)
            self._kept.move_to_end(organisation)
            found = self._kept[organisation]
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            return found

    def local(self) -> Store:
        """The organisation that every workspace has; accounts are asked for through it."""
        return self.of(DEFAULT_ORGANISATION)

    def names(self) -> list[str]:
        """The ids of all organisations, as of now."""
        return sorted(Scope.organisations(self.local().database))

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            for store in (*self._kept.values(), self._first):
                if store is not None:
                    store.close()
            self._kept.clear()
            self._first = None
