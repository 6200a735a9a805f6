"""What a device has seen and the server has not: kept on the disk until it is taken.

A record is kept when `put` returns, and goes when the server has acknowledged it. It is
sent at least once; its key lets the server recognize it. Where bytes or age run over, the
least important goes first, and what went is counted. Order and age follow numbers and hours
of operation, never the clock of the wall, which may jump.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pitmark.core.errors import StorageError
from pitmark.edge.kept_images import KeptImages
from pitmark.edge.outbox_entry import Entry, OutboxLimits, OutboxState, Priority, Record

_FILE = "outbox.sqlite"
_MAKE = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS records (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    priority INTEGER NOT NULL,
    body TEXT NOT NULL,
    image TEXT,
    size INTEGER NOT NULL,
    worked_s REAL NOT NULL,
    aside INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS records_order ON records (aside, priority, sequence);
CREATE INDEX IF NOT EXISTS records_image ON records (image);
CREATE TABLE IF NOT EXISTS dropped (
    reason TEXT NOT NULL, priority INTEGER NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (reason, priority)
);
"""


class Outbox:
    """Records in a folder, safe to use from several threads.

    Args:
        folder: Made where it does not exist.
        limits: See OutboxLimits.
        clock: Seconds, rising, for the age of records.

    Raises:
        StorageError: The folder cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        limits: OutboxLimits | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder, self._limits, self._clock = folder, limits or OutboxLimits(), clock
        self._lock = threading.Lock()
        self._size = 0
        self._closed = False
        self._images = KeptImages(folder / "images")
        self._db = _open(folder / _FILE)
        with self._transaction() as db:
            made = (("id", uuid.uuid4().hex[:16]), ("worked_s", "0"))
            db.executemany("INSERT OR IGNORE INTO meta VALUES (?, ?)", made)
            meta = dict(db.execute("SELECT name, value FROM meta"))
            self._size = int(db.execute("SELECT total(size) FROM records").fetchone()[0])
        self._id = meta["id"]
        self._worked_before, self._start = float(meta["worked_s"]), clock()
        # A kill may have left images without a record.
        self._remove_unused(list(self._images.digests()))

    def put(self, entries: Sequence[Entry]) -> list[str]:
        """Keep entries; when this returns they survive a power cut.

        Args:
            entries: In the order in which they came.

        Returns:
            Their keys. One that the caps leave no place for is counted and has one, too.

        Raises:
            StorageError: None of them was kept, for example because the disk is full.
        """
        images = [self._images.keep(e.image) for e in entries]
        try:
            keys, gone = self._insert(entries, images)
        except StorageError:
            # A disk that is full must not fill further with images that no record shows.
            self._remove_unused([digest for digest, _ in images if digest is not None])
            raise
        self._remove_unused(gone)
        return keys

    def _insert(
        self, entries: Sequence[Entry], images: Sequence[tuple[str | None, int]]
    ) -> tuple[list[str], list[str]]:
        """Keys of the new records, and images that the caps made superfluous."""
        worked_s = self._worked_s()
        keys = []
        with self._transaction() as db:
            for entry, (digest, size) in zip(entries, images, strict=True):
                body = json.dumps(entry.body, sort_keys=True, allow_nan=False)
                row = (int(entry.priority), body, digest, size + len(body), worked_s)
                made = db.execute(
                    "INSERT INTO records (priority, body, image, size, worked_s)"
                    " VALUES (?, ?, ?, ?, ?)",
                    row,
                )
                keys.append(self._key(int(made.lastrowid or 0)))
                self._size += row[3]
                if entry.image is not None and digest is None:
                    _count(db, "image not kept: no room on the disk", int(entry.priority), 1)
            db.execute("UPDATE meta SET value = ? WHERE name = 'worked_s'", (str(worked_s),))
            gone = self._enforce(db, worked_s)
        return keys, gone

    def next(self, count: int) -> list[Record]:
        """The records to send now: by priority, then in the order in which they came.

        Args:
            count: At most so many.

        Returns:
            The records, without those set aside.

        Raises:
            StorageError: The outbox cannot be read.
        """
        with self._transaction() as db:
            rows = db.execute(
                "SELECT sequence, priority, body, image FROM records WHERE aside = 0"
                " ORDER BY priority, sequence LIMIT ?",
                (count,),
            ).fetchall()
        return [
            Record(self._key(sequence), sequence, Priority(priority), json.loads(body), image)
            for sequence, priority, body, image in rows
        ]

    def image(self, record: Record) -> bytes | None:
        """The bytes of a record's image.

        Args:
            record: From `next`.

        Returns:
            The file's bytes; None where it has none, or the disk has lost it.
        """
        digest = record.image_sha256
        return None if digest is None else self._images.read(digest)

    def acknowledge(self, records: Sequence[Record]) -> None:
        """Let go of records that the server has taken.

        Args:
            records: From `next`.

        Raises:
            StorageError: It cannot be written; they are sent again, under the same key.
        """
        with self._transaction() as db:
            gone = self._delete(db, [r.sequence for r in records])
        self._remove_unused(gone)

    def set_aside(self, record: Record, reason: str) -> None:
        """Keep a record that the server refuses for good from holding up the others.

        Args:
            record: From `next`.
            reason: In words; counted.

        Raises:
            StorageError: It cannot be written.
        """
        with self._transaction() as db:
            db.execute("UPDATE records SET aside = 1 WHERE sequence = ?", (record.sequence,))
            _count(db, reason, int(record.priority), 1)

    def state(self) -> OutboxState:
        """How full the outbox is, and what was dropped since it was made.

        Raises:
            StorageError: The outbox cannot be read.
        """
        with self._transaction() as db:
            waiting = db.execute(
                "SELECT priority, count(*) FROM records WHERE aside = 0 GROUP BY priority"
            ).fetchall()
            aside = db.execute("SELECT count(*) FROM records WHERE aside = 1").fetchone()[0]
            dropped: dict[str, dict[str, int]] = {}
            for reason, priority, count in db.execute("SELECT * FROM dropped"):
                dropped.setdefault(reason, {})[Priority(priority).name.lower()] = count
        told = {p.name.lower(): 0 for p in Priority}
        told.update({Priority(p).name.lower(): n for p, n in waiting})
        return OutboxState(told, aside, self._size, dropped)

    def close(self) -> None:
        """Close the file; nothing is lost without it."""
        with self._lock:
            self._closed = True
            self._db.close()

    def _key(self, sequence: int) -> str:
        return f"{self._id}-{sequence}"

    def _worked_s(self) -> float:
        return self._worked_before + max(0.0, self._clock() - self._start)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            size = self._size
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
                size = self._size
            except sqlite3.Error as exc:
                raise StorageError(
                    f"the outbox {self._folder} cannot be used: {exc}",
                    hint="Make room on the disk; verdicts go on meanwhile.",
                ) from exc
            finally:
                self._size = size
                if not self._closed and self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def _enforce(self, db: sqlite3.Connection, worked_s: float) -> list[str]:
        gone: list[str] = []
        if self._limits.max_hours is not None:
            oldest = worked_s - self._limits.max_hours * 3600
            rows = db.execute(
                "SELECT sequence, priority FROM records WHERE worked_s < ?", (oldest,)
            ).fetchall()
            gone += self._drop(db, rows, "too old")
        while self._size > self._limits.max_bytes:
            rows = db.execute(
                "SELECT sequence, priority, size FROM records"
                " ORDER BY aside DESC, priority DESC, sequence LIMIT 50"
            ).fetchall()
            over, needed = self._size - self._limits.max_bytes, 0
            chosen = []
            for sequence, priority, size in rows:
                if needed >= over:
                    break
                chosen.append((sequence, priority))
                needed += size
            gone += self._drop(db, chosen, "no room in the outbox")
        return gone

    def _drop(
        self, db: sqlite3.Connection, rows: Sequence[tuple[int, int]], reason: str
    ) -> list[str]:
        for priority in {p for _, p in rows}:
            _count(db, reason, priority, sum(p == priority for _, p in rows))
        return self._delete(db, [sequence for sequence, _ in rows])

    def _delete(self, db: sqlite3.Connection, sequences: Sequence[int]) -> list[str]:
        """Delete rows; gives the images that they named."""
        images = []
        for sequence in sequences:
            found = db.execute(
                "DELETE FROM records WHERE sequence = ? RETURNING image, size", (sequence,)
            ).fetchone()
            if found is not None:
                self._size -= found[1]
                images += [found[0]] if found[0] else []
        return images

    def _remove_unused(self, digests: Sequence[str]) -> None:
        for digest in set(digests):
            with self._lock:
                if self._closed:
                    return
                used = self._db.execute(
                    "SELECT 1 FROM records WHERE image = ? LIMIT 1", (digest,)
                ).fetchone()
                if used is None:
                    self._images.remove(digest)


def _count(db: sqlite3.Connection, reason: str, priority: int, count: int) -> None:
    db.execute(
        "INSERT INTO dropped VALUES (?, ?, ?) ON CONFLICT (reason, priority)"
        " DO UPDATE SET count = count + excluded.count",
        (reason, priority, count),
    )


def _open(path: Path) -> sqlite3.Connection:
    """The database; a damaged one is put out of the way, for a device must go on."""
    try:
        return _connected(path)
    except sqlite3.DatabaseError as exc:
        if isinstance(exc, sqlite3.OperationalError):
            raise StorageError(f"the outbox {path} cannot be opened: {exc}") from exc
    for found in path.parent.glob(f"{path.name}*"):
        found.replace(path.parent / f"damaged-{uuid.uuid4().hex[:8]}-{found.name}")
    db = _connected(path)
    _count(db, "the outbox was damaged and begun anew", int(Priority.DOUBTFUL), 1)
    return db


def _connected(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=10, check_same_thread=False, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if db.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("quick_check found damage")
        db.executescript(_MAKE)
    except sqlite3.Error:
        db.close()
        raise
    return db
