import pytest

from pitmark.core.errors import StorageError
from pitmark.ops.images.text_file import write_text


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path):
    target = tmp_path / "new" / "report.html"
    write_text(target, "first")
    write_text(target, "second é")
    assert target.read_text(encoding="utf-8") == "second é"
    assert [f.name for f in target.parent.iterdir()] == ["report.html"]


def test_a_file_that_cannot_be_written_is_a_clear_error(tmp_path):
    folder = tmp_path / "taken.html"
    folder.mkdir()
    with pytest.raises(StorageError, match=r"taken\.html cannot be written"):
        write_text(folder, "text")
    assert list(tmp_path.iterdir()) == [folder]
