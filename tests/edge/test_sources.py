import threading
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.errors import NotFoundError, StorageError
from pitmark.edge.sources import iterate_folder, name_arrays, watch_folder

POLL_S = 0.01


def fill(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def test_images_come_in_the_order_of_their_names(tmp_path):
    fill(tmp_path, "b.png", "a.JPG", "notes.txt", ".hidden.png", "c.tiff", "sub/d.png")
    assert list(iterate_folder(tmp_path)) == [
        ("a.JPG", b"a.JPG"),
        ("b.png", b"b.png"),
        ("c.tiff", b"c.tiff"),
    ]


def test_folders_inside_are_entered_on_request(tmp_path):
    fill(tmp_path, "z.png", "lot1/a.png", "lot1/cam2/b.png", ".cache/c.png")
    found = [name for name, _ in iterate_folder(tmp_path, recursive=True)]
    assert found == ["lot1/a.png", "lot1/cam2/b.png", "z.png"]


def test_files_are_read_one_by_one(tmp_path):
    fill(tmp_path, "a.png", "b.png")
    images = iterate_folder(tmp_path)
    assert next(images)[0] == "a.png"
    (tmp_path / "b.png").write_bytes(b"later")
    assert next(images) == ("b.png", b"later")


def test_a_file_that_vanished_comes_as_empty_bytes(tmp_path):
    fill(tmp_path, "a.png", "b.png")
    images = iterate_folder(tmp_path)
    next(images)
    (tmp_path / "b.png").unlink()
    assert next(images) == ("b.png", b"")


def test_links_that_lead_out_of_the_folder_are_left_out(tmp_path):
    fill(tmp_path, "outside/secret.png", "in/a.png")
    (tmp_path / "in/leak.png").symlink_to(tmp_path / "outside/secret.png")
    (tmp_path / "in/folder").symlink_to(tmp_path / "outside")
    (tmp_path / "in/alias.png").symlink_to(tmp_path / "in/a.png")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    found = [name for name, _ in iterate_folder(tmp_path / "in", recursive=True)]
    assert found == ["a.png", "alias.png"]


def test_a_folder_that_is_not_there_is_named_at_once(tmp_path):
    with pytest.raises(NotFoundError, match=r"no folder .*absent"):
        iterate_folder(tmp_path / "absent")
    with pytest.raises(NotFoundError, match=r"no folder .*absent"):
        watch_folder(tmp_path / "absent", stop=threading.Event())


def test_a_folder_that_vanished_before_the_first_image_is_an_error(tmp_path):
    fill(tmp_path, "in/a.png")
    images = iterate_folder(tmp_path / "in")
    (tmp_path / "in").rename(tmp_path / "gone")
    with pytest.raises(StorageError, match="cannot be read"):
        next(images)


class SteppedStop(threading.Event):
    """Runs one step at each look of the watch instead of sleeping, then stops it."""

    def __init__(self, *steps):
        super().__init__()
        self.steps = list(steps)

    def wait(self, timeout=None):
        if self.steps:
            self.steps.pop(0)()
        else:
            self.set()
        return self.is_set()


def nothing():
    pass


def test_only_new_and_complete_files_are_given(tmp_path):
    fill(tmp_path, "old.png")
    growing = tmp_path / "new.png"
    stop = SteppedStop(
        lambda: growing.write_bytes(b"ha"),
        lambda: growing.write_bytes(b"half"),
        lambda: growing.write_bytes(b"whole image"),
        nothing,
        nothing,
        nothing,
    )
    assert list(watch_folder(tmp_path, stop=stop)) == [("new.png", b"whole image")]


def test_an_empty_file_is_waited_for(tmp_path):
    path = tmp_path / "a.png"
    stop = SteppedStop(path.touch, nothing, nothing, lambda: path.write_bytes(b"x"), nothing)
    assert list(watch_folder(tmp_path, stop=stop)) == [("a.png", b"x")]


def test_a_file_that_is_written_again_comes_again(tmp_path):
    path = tmp_path / "latest.png"
    stop = SteppedStop(
        lambda: path.write_bytes(b"first"),
        nothing,
        lambda: path.write_bytes(b"the second"),
        nothing,
        nothing,
    )
    found = [data for _, data in watch_folder(tmp_path, stop=stop)]
    assert found == [b"first", b"the second"]


def test_files_that_are_there_can_be_taken_first(tmp_path):
    fill(tmp_path, "a.png", "b.png")
    found = list(watch_folder(tmp_path, stop=SteppedStop(nothing, nothing), existing=True))
    assert [name for name, _ in found] == ["a.png", "b.png"]


def test_a_folder_that_vanishes_for_a_while_is_waited_for(tmp_path):
    folder, away = tmp_path / "in", tmp_path / "away"
    fill(folder, "a.png")
    stop = SteppedStop(
        nothing,
        lambda: folder.rename(away),
        nothing,
        lambda: away.rename(folder),
        lambda: fill(folder, "b.png"),
        nothing,
        nothing,
    )
    found = [name for name, _ in watch_folder(folder, stop=stop, existing=True)]
    assert found == ["a.png", "b.png"]


def test_a_real_watch_sees_a_file_and_stops_when_told(tmp_path):
    stop = threading.Event()
    images = watch_folder(tmp_path, poll_s=POLL_S, stop=stop)
    fill(tmp_path, "a.png")
    assert next(images) == ("a.png", b"a.png")
    stop.set()
    assert list(images) == []


@given(st.integers(0, 20))
def test_arrays_get_names_that_sort_as_they_came(count):
    arrays = [np.full((2, 2), i % 255, np.uint8) for i in range(count)]
    named = list(islice(name_arrays(arrays, prefix="cam1-"), 100))
    assert [n for n, _ in named] == sorted(n for n, _ in named)
    assert all(a is b for (_, a), b in zip(named, arrays, strict=True))
