import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from pitmark.core.errors import StorageError
from pitmark.store.key_files import KeyFiles


def test_the_newest_key_comes_first_and_none_is_overwritten(tmp_path):
    keys = KeyFiles(tmp_path / "keys")
    assert keys.list() == []
    first, second = keys.add(b"one"), keys.add(b"two")
    assert keys.list() == [second, first]
    assert [k.number for k in keys.list()] == [2, 1]


def test_only_the_owner_may_read_a_key(tmp_path):
    KeyFiles(tmp_path / "keys").add(b"secret")
    file = tmp_path / "keys" / "1.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_two_writers_lose_no_key(tmp_path):
    keys = KeyFiles(tmp_path / "keys")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: KeyFiles(tmp_path / "keys").add(b"%d" % n), range(16)))
    assert sorted(int(k.pem) for k in keys.list()) == list(range(16))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path):
    (tmp_path / "keys").mkdir(mode=0o500)
    with pytest.raises(StorageError, match="cannot be written"):
        KeyFiles(tmp_path / "keys").add(b"one")


def test_a_file_in_place_of_the_folder_is_a_clear_error(tmp_path):
    (tmp_path / "keys").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        KeyFiles(tmp_path / "keys").add(b"one")
