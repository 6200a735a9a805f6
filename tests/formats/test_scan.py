import pytest

from pitmark.core.errors import NotFoundError
from pitmark.formats.registry import read_folder
from pitmark.formats.scan import Folder, split_of
from tests.formats.folders import picture, put_pictures, put_text, reasons


def test_links_out_of_the_folder_are_refused_and_named(tmp_path):
    secret = tmp_path / "secret"
    put_pictures(secret, "s.png")
    root = tmp_path / "data"
    put_pictures(root, "ok.png")
    (root / "leak.png").symlink_to(secret / "s.png")
    (root / "leaks").symlink_to(secret)
    (root / "gone.png").symlink_to(root / "nothing.png")
    listing = read_folder(root, format="images")
    assert [i.name for i in listing.images] == ["ok.png"]
    assert {p.name for p in listing.problems} == {"leak.png", "leaks", "gone.png"}
    assert "not followed" in reasons(listing)


def test_a_link_to_a_file_inside_the_folder_is_read(tmp_path):
    put_pictures(tmp_path, "a.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    assert Folder(tmp_path).images == ["a.png", "b.png"]


def test_the_root_itself_may_be_a_link(tmp_path):
    put_pictures(tmp_path / "real", "a.png")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert Folder(tmp_path / "link").images == ["a.png"]


def test_hidden_files_and_other_files_are_passed_over(tmp_path):
    put_pictures(tmp_path, "a.PNG", ".cache/b.png", "__MACOSX/c.png", "._d.png")
    put_text(tmp_path, "readme.md", "hello")
    assert Folder(tmp_path).images == ["a.PNG"]


def test_a_name_that_cannot_be_shown_is_a_problem(tmp_path):
    (tmp_path / "bell\a.png").write_bytes(picture())
    put_pictures(tmp_path, "a.png")
    listing = read_folder(tmp_path, format="images")
    assert [i.name for i in listing.images] == ["a.png"]
    assert "cannot be shown" in reasons(listing)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NotFoundError, match=r"no folder .*nowhere"):
        Folder(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("a.png", "labels/a.png"),
        ("../data/a.png", "data/a.png"),
        ("data/a.png", "data/a.png"),
        ("C:\\Users\\me\\only.png", "data/only.png"),
        ("/home/me/only.png", "data/only.png"),
        ("only.jpg", "data/only.png"),
        ("only", "data/only.png"),
        ("two.v2", "data/two.v2.png"),
        ("elsewhere/a.png", "labels/a.png"),
        ("../../outside.png", None),
        ("../../../etc/passwd", None),
        ("", None),
    ],
)
def test_a_reference_is_looked_up_among_the_files_of_the_folder(tmp_path, reference, found):
    root = tmp_path / "root"
    put_pictures(root, "labels/a.png", "data/a.png", "data/only.png", "data/two.v2.png")
    put_pictures(tmp_path, "outside.png")
    assert Folder(root).find_image(reference, beside="labels/x.json") == found


def test_of_equal_names_the_one_in_the_folders_called_alike_is_meant(tmp_path):
    put_pictures(tmp_path, "images/train/1.png", "images/val/1.png")
    folder = Folder(tmp_path)
    assert folder.find_image("1.png", beside="labels/val/1.xml") == "images/val/1.png"
    assert folder.find_image("1.png", beside="labels/1.xml") is None


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train/a.png", "train"),
        ("x/Valid/y/a.png", "val"),
        ("testing/train/a.png", "test"),
        ("training-images/a.png", None),
        ("train.png", None),
    ],
)
def test_the_split_is_read_from_whole_folder_names(name, split):
    assert split_of(name) == split
