import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pitmark.core.errors import StorageError
from pitmark.store.db import open_store
from tests.store.engines import on_sqlite
from tests.store.making import add_images, box, label, labeled_image

WRITER = """
import sys
from pathlib import Path
from pitmark.core.labels import BoxShape
from pitmark.store.db import open_store
project = open_store(Path(sys.argv[1])).project("casings")
sha = project.images.all()[0].sha256
for number in range(int(sys.argv[3])):
    shape = BoxShape("dent", (number, 0, number + 1, 1))
    project.annotations.add(sha, [shape], labeler=sys.argv[2], book_revision=1)
"""


@on_sqlite
def test_labels_are_on_the_disk_when_they_are_acknowledged(store):
    with store.database.write() as c:
        modes = {
            name: c.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert modes == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_two_processes_can_write_at_once_and_nothing_is_lost(project, home):
    sha = labeled_image(project, "a")
    command = [sys.executable, "-c", WRITER, str(home)]
    started = [
        subprocess.Popen([*command, name, "40"], stderr=subprocess.PIPE, text=True)
        for name in ("bo", "cy")
    ]
    errors = [p.communicate()[1] for p in started]
    assert [p.returncode for p in started] == [0, 0], errors
    for name in ("bo", "cy"):
        rows = [r for r in project.annotations.history(sha) if r.labeler == name]
        assert [r.revision for r in rows] == list(range(1, 41))


def test_threads_of_one_process_can_write_at_once(project):
    shas = add_images(project, [f"{i}" for i in range(4)])
    errors = []

    def work(sha):
        try:
            for number in range(15):
                label(project, sha, box(left=float(number)))
        except StorageError as exc:
            errors.append(exc)

    threads = [threading.Thread(target=work, args=(sha,)) for sha in shas * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for sha in shas:
        revisions = [r.revision for r in project.annotations.history(sha)]
        assert revisions == list(range(1, len(revisions) + 1))
        assert len(revisions) >= 15


def test_a_reader_is_not_held_up_by_a_writer_and_does_not_see_half_of_its_work(project, home):
    with open_store(home, busy_timeout_ms=0) as other, project.transaction():
        labeled_image(project, "a", box())
        assert other.project("casings").info.images == 0
    with open_store(home) as other:
        assert other.project("casings").info.images == 1


def test_a_locked_database_is_told_and_nothing_is_lost(project, home):
    sha = labeled_image(project, "a", box())
    with open_store(home, busy_timeout_ms=50) as other, project.transaction():
        theirs = other.project("casings")
        with pytest.raises(StorageError, match="in use by another process") as caught:
            label(theirs, sha, box(left=9.0))
        assert "stop it, and try again" in caught.value.hint
        label(project, sha, box(left=5.0))
    with open_store(home) as other:
        label(other.project("casings"), sha, box(left=9.0))
    assert [r.revision for r in project.annotations.history(sha)] == [1, 2, 3]


@on_sqlite
def test_a_full_disk_is_told_and_what_was_saved_stays(project, store):
    sha = labeled_image(project, "a", box())
    with store.database.read() as c:
        pages = c.exec_driver_sql("PRAGMA page_count").scalar()
        c.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    saved, reason = 1, "x" * 3000
    with pytest.raises(StorageError, match="the disk is full"):  # noqa: PT012
        for number in range(1000):
            label(project, sha, box(left=float(number + 2)), reason=reason)
            saved += 1
    assert saved < 10
    with store.database.read() as c:
        c.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert len(project.annotations.history(sha)) == saved
    label(project, sha, box(left=5000.0), reason=reason)
    assert store.check() == []


LIMITED = """
import resource, signal, sys
from pathlib import Path
from pitmark.core.errors import StorageError
from pitmark.core.labels import BoxShape
from pitmark.store.db import open_store
project = open_store(Path(sys.argv[1])).project("casings")
sha = project.images.all()[0].sha256
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
try:
    project.blobs.put(b"x" * 1_000_000)
except StorageError as exc:
    print(exc.message, flush=True)
try:
    for number in range(1000):
        shape = BoxShape("dent", (number, 0, number + 1, 1))
        project.annotations.add(
            sha, [shape], labeler="bo", book_revision=1, reason="x" * 5000
        )
        print("saved", flush=True)
except StorageError as exc:
    print(exc.message, flush=True)
"""


@on_sqlite
@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX limits")
def test_files_that_cannot_grow_are_told_and_what_was_saved_stays(store, project, home):
    sha = labeled_image(project, "a")
    command = [sys.executable, "-c", LIMITED, str(home)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    first, *saved, last = done.stdout.splitlines()
    assert "cannot be written: File too large" in first
    assert set(saved) == {"saved"}
    assert "cannot be read or written: the disk reports an error" in last
    rows = [r for r in project.annotations.history(sha) if r.labeler == "bo"]
    assert len(rows) == len(saved)
    assert list((home / "blobs" / "incoming").iterdir()) == []
    assert store.check() == []


READ_ONLY = """
import os, sys
from pathlib import Path
from pitmark.core.errors import PitmarkError
from pitmark.store.db import open_store
home, other = Path(sys.argv[1]), Path(sys.argv[2])
open_store(other).close()  # loads all modules
if os.geteuid() == 0:  # permissions say nothing to root
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for step in (lambda: open_store(home), lambda: open_store(home / "new", create=True)):
    try:
        step()
        print("opened")
    except PitmarkError as exc:
        print(exc.code, "|", exc.message, "|", exc.hint)
"""


@pytest.fixture
def open_folder():
    """A folder that every user may enter, unlike the temporary folders of pytest."""
    folder = Path(
        subprocess.run(["mktemp", "-d"], capture_output=True, text=True).stdout.strip()
    )
    folder.chmod(0o755)
    yield folder
    for path in folder.rglob("*"):
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder)


@on_sqlite
@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions")
def test_a_read_only_folder_is_told_with_what_to_do(fresh_workspace, open_folder, home):
    locked = shutil.copytree(fresh_workspace, open_folder / "factory")
    for path in (*locked.rglob("*"), locked):
        path.chmod(0o555 if path.is_dir() else 0o444)
    command = [sys.executable, "-c", READ_ONLY, str(locked), str(home)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    opened, made = done.stdout.splitlines()
    assert opened.startswith("storage |")
    assert "cannot be written" in opened or "cannot be opened" in opened
    assert "write" in opened.rpartition("|")[2]
    assert made.startswith("storage |")
    assert "cannot be made: Permission denied" in made


@on_sqlite
def test_a_damaged_database_is_told(home):
    path = home / "pitmark.db"
    data = bytearray(path.read_bytes())
    data[100 : len(data) // 2] = b"\x5a" * (len(data) // 2 - 100)
    path.write_bytes(data)
    with pytest.raises(StorageError, match=r"is damaged|is not a database"):
        open_store(home)


@on_sqlite
def test_a_backup_made_while_writing_is_whole(project, home, tmp_path):
    labeled_image(project, "a", box())
    with (
        sqlite3.connect(home / "pitmark.db") as source,
        sqlite3.connect(tmp_path / "pitmark.db") as target,
    ):
        source.backup(target)
    shutil.copytree(home / "blobs", tmp_path / "blobs")
    with open_store(tmp_path) as restored:
        assert restored.project("casings").info.labeled == 1
        assert restored.check() == []
