import hashlib
import os
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError, StorageError
from pitmark.store.blobs import BlobStore


@pytest.fixture
def blobs(tmp_path):
    return BlobStore(tmp_path / "blobs")


@settings(max_examples=20, deadline=None)
@given(data=st.binary(max_size=5000))
def test_what_is_read_is_what_was_put(tmp_path_factory, data):
    blobs = BlobStore(tmp_path_factory.mktemp("blobs"))
    sha = blobs.put(data)
    assert sha == hashlib.sha256(data).hexdigest()
    assert blobs.read(sha) == data
    assert blobs.has(sha)


def test_a_file_and_its_bytes_are_the_same_blob(blobs, tmp_path):
    source = tmp_path / "big.bin"
    source.write_bytes(os.urandom(3_000_000))
    assert blobs.put_file(source) == blobs.put(source.read_bytes())


def test_a_blob_that_exists_is_kept(blobs):
    sha = blobs.put(b"same")
    before = blobs.path(sha).stat()
    assert blobs.put(b"same") == sha
    assert blobs.path(sha).stat().st_ino == before.st_ino


def test_many_blobs_at_once_are_those_put_one_by_one(blobs):
    items = [f"{i % 150}".encode() for i in range(200)]
    shas = blobs.put_many(items)
    assert [blobs.read(sha) for sha in shas] == items
    assert len({blobs.path(s) for s in shas}) == 150


def test_nothing_is_left_beside_the_blobs(blobs, tmp_path):
    source = tmp_path / "a"
    source.write_bytes(b"x")
    blobs.put_file(source)
    blobs.put_file(source)
    assert list((blobs.folder / "incoming").iterdir()) == []


def test_an_altered_blob_is_refused_by_name(blobs):
    sha = blobs.put(b"the truth")
    blobs.path(sha).write_bytes(b"the lie!!")
    with pytest.raises(StorageError, match=f"{sha} was altered"):
        blobs.read(sha)


def test_a_cut_off_blob_is_healed_by_putting_it_again(blobs):
    sha = blobs.put(b"the whole truth")
    blobs.path(sha).write_bytes(b"the wh")
    assert blobs.put(b"the whole truth") == sha
    assert blobs.read(sha) == b"the whole truth"


def test_a_missing_blob_is_refused_by_name(blobs):
    sha = hashlib.sha256(b"never put").hexdigest()
    with pytest.raises(StorageError, match=f"{sha} cannot be read: No such file"):
        blobs.read(sha)
    with pytest.raises(StorageError, match=f"{sha} is not in the workspace"):
        blobs.require([sha])


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_only_a_sha256_names_a_blob(blobs, name):
    with pytest.raises(InvalidInputError, match="not a sha256"):
        blobs.read(name)


def test_a_source_that_cannot_be_read_is_named(blobs, tmp_path):
    with pytest.raises(StorageError, match=r"gone\.bin cannot be read"):
        blobs.put_file(tmp_path / "gone.bin")


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "blobs").write_text("a file in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        BlobStore(tmp_path / "blobs").put(b"x")


def test_only_old_leftovers_are_cleared(blobs):
    blobs.put(b"x")
    incoming = blobs.folder / "incoming"
    (incoming / "old").write_bytes(b"half")
    (incoming / "new").write_bytes(b"half")
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(incoming / "old", (two_days_ago, two_days_ago))
    blobs.clear_stale()
    assert [p.name for p in incoming.iterdir()] == ["new"]
