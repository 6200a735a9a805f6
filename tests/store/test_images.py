import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError, NotFoundError, StorageError
from pitmark.core.records import ImageRecord
from tests.store.making import add_image


def test_an_image_comes_back_as_it_was_added(project):
    sha = project.blobs.put(b"pixels")
    record = ImageRecord(
        sha,
        640,
        480,
        "RGB16",
        "line 1/a.png",
        {"lot": 4711, "x": 0.5, "ok": True},
        "part-7",
        True,
    )
    assert project.images.add(record, source="photos") is True
    assert project.images.get(sha) == record


def test_the_same_bytes_are_one_image_with_several_names(project):
    sha = add_image(project, "a.png", content="same")
    again = ImageRecord(sha, 64, 48, "L", "b.png")
    assert project.images.add(again, source="photos") is False
    assert project.images.add(again, source="photos") is False
    assert project.images.count() == 1
    assert project.images.get(sha).name == "a.png"
    assert project.images.occurrences() == {sha: ["a.png", "b.png"]}


def test_the_same_name_again_is_no_further_occurrence(project):
    sha = add_image(project, "a.png")
    project.images.add(project.images.get(sha), source="photos")
    project.images.add(project.images.get(sha), source="moved photos")
    assert project.images.occurrences() == {}


def test_many_images_tell_one_by_one_which_were_new(project):
    known = add_image(project, "known.png")
    shas = project.blobs.put_many([f"n{i}".encode() for i in range(1200)])
    records = [(ImageRecord(s, 8, 8, "L", f"{s}.png"), "in") for s in [*shas, shas[0], known]]
    assert project.images.add_many(records) == [True] * 1200 + [False, False]
    assert project.images.count() == 1201


def test_an_image_without_its_bytes_is_refused_and_nothing_of_the_batch_is_added(project):
    sha = project.blobs.put(b"here")
    records = [(ImageRecord(s, 8, 8, "L", "x"), "in") for s in (sha, "0" * 64)]
    with pytest.raises(StorageError, match="0000 is not in the workspace"):
        project.images.add_many(records)
    assert project.images.count() == 0


def test_an_image_without_pixels_is_refused(project):
    sha = project.blobs.put(b"here")
    with pytest.raises(InvalidInputError, match=r"'flat.png' has no pixels: 0x8"):
        project.images.add(ImageRecord(sha, 0, 8, "L", "flat.png"), source="in")


def test_images_are_listed_by_name_over_all_pages(project):
    names = [f"{i % 7}/{i:03}.png" for i in range(50)] + ["same.png", "same.png"]
    for number, name in enumerate(names):
        add_image(project, name, content=f"{number}")
    for batch in (1, 7, 1000):
        assert [r.name for r in project.images.iterate(batch)] == sorted(names)
    assert [r.name for r in project.images.all()] == sorted(names)


def test_an_image_is_found_by_name_by_another_name_and_by_the_first_digits(project):
    sha = add_image(project, "a.png")
    add_image(project, "b.png", content="a.png")
    assert project.images.find("a.png").sha256 == sha
    assert project.images.find("b.png").sha256 == sha
    assert project.images.find(sha[:6].upper()).sha256 == sha


def test_a_name_of_two_images_is_refused_with_their_hashes(project):
    shas = {add_image(project, "a.png", content=c) for c in "xy"}
    with pytest.raises(InvalidInputError, match="several images") as caught:
        project.images.find("a.png")
    assert all(sha[:12] in caught.value.hint for sha in shas)


@pytest.mark.parametrize("name", ["nope.png", "abc", "", "zzzz", "%", "ffffffff"])
def test_an_unknown_image_is_named(project, name):
    add_image(project, "a.png")
    with pytest.raises(NotFoundError, match="has no image"):
        project.images.find(name)


def test_metadata_is_merged(project):
    sha = add_image(project, "a.png", metadata={"lot": 1, "camera": "left"})
    project.images.set_metadata(sha, {"lot": 2, "shift": "night"})
    assert project.images.get(sha).metadata == {"lot": 2, "camera": "left", "shift": "night"}
    with pytest.raises(NotFoundError, match="has no image"):
        project.images.set_metadata("0" * 64, {"lot": 2})


def test_groups_are_set_all_or_none(project):
    a, b = add_image(project, "a"), add_image(project, "b", group="old")
    with pytest.raises(NotFoundError, match="0000"):
        project.images.set_group({a: "new", b: "new", "0" * 64: "new"})
    assert project.images.get(a).group is None
    project.images.set_group({a: "new", b: None})
    assert [project.images.get(s).group for s in (a, b)] == ["new", None]


@settings(max_examples=30, deadline=None)
@given(name=st.text(min_size=1).filter(str.strip), key=st.text(), value=st.floats())
def test_any_name_and_metadata_can_be_kept(shared_project, name, key, value):
    sha = add_image(
        shared_project, name, content=repr((name, key, value)), metadata={key: value}
    )
    kept = shared_project.images.get(sha)
    assert "\x00" not in kept.name
    assert len(kept.name) == len(name)
    assert all(v == v and abs(v) != float("inf") for v in kept.metadata.values())


def test_a_name_that_is_no_text_is_kept_readable(project):
    sha = add_image(project, "pi\udcffece\x00.png", content="x")
    assert project.images.get(sha).name == "pi?ece?.png"
    assert project.images.find("pi\udcffece\x00.png").sha256 == sha
