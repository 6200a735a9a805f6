"""Labels that came with a key: sent twice, as after a lost answer, they are saved once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from pitmark.store.schema import label_saves
from pitmark.store.scope import Scope, chunks

# Who saved, and the key that was given.
SaveKey = tuple[str, str]
_AT_ONCE = 50


class LabelSaves:
    """The keys of one project.

    Args:
        scope: The project.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def known(self, keys: Iterable[SaveKey]) -> dict[SaveKey, int]:
        """What was saved under some keys.

        Args:
            keys: Labeler and key.

        Returns:
            Those that are known, to the id of their annotation.
        """
        wanted = set(keys)
        table = label_saves
        query = self._scope.select(table, table.c.labeler, table.c.key, table.c.annotation_id)
        out: dict[SaveKey, int] = {}
        # Both columns are asked for, so that the index on them serves.
        for part in chunks(sorted(wanted), _AT_ONCE):
            labelers, words = {w for w, _ in part}, {k for _, k in part}
            both = table.c.labeler.in_(labelers), table.c.key.in_(words)
            for row in self._scope.rows(query.where(*both)):
                if (row.labeler, row.key) in wanted:
                    out[row.labeler, row.key] = row.annotation_id
        return out

    def note(self, connection: Connection, saved: Mapping[SaveKey, int]) -> None:
        """Remember what was saved.

        Args:
            connection: Of the write that saves it.
            saved: Labeler and key to the id of the annotation.
        """
        values = [
            {"labeler": labeler, "key": key, "annotation_id": annotation}
            for (labeler, key), annotation in saved.items()
        ]
        self._scope.insert(connection, label_saves, values)
