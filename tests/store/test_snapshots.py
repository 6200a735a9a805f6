import pytest

from pitmark.core.errors import InvalidInputError, NotFoundError
from pitmark.core.records import Snapshot, SnapshotItem
from tests.store.making import add_image, add_images, box, label, labeled_image, snapshot_of


def test_a_snapshot_comes_back_item_by_item(project):
    labeled_image(project, "a", box())
    add_image(project, "unlabeled")
    snapshot, info = snapshot_of(project, {"a": "test"})
    assert project.snapshots.get(info.id) == snapshot
    assert project.snapshots.get("latest") == project.snapshots.get(info.id[:8])
    assert (info.images, info.labeled, info.book_revision, info.note) == (2, 1, 1, "n")


def test_labels_in_a_snapshot_stay_as_they_were(project):
    sha = labeled_image(project, "a", box(left=1.0), metadata={"lot": 1})
    add_image(project, "unlabeled")
    _, info = snapshot_of(project, {"a": "val"})
    label(project, sha, box(left=9.0), review=True)
    project.images.set_metadata(sha, {"lot": 2})
    found, images = project.snapshots.load(info.id)
    assert found == info
    assert [i.image.sha256 for i in images] == sorted(i.image.sha256 for i in images)
    shapes = {i.image.name: (i.shapes, i.split) for i in images}
    assert shapes == {"a": ((box(left=1.0),), "val"), "unlabeled": (None, "train")}
    assert {i.image.name: i.image.metadata.get("lot") for i in images}["a"] == 2


def test_saving_the_same_snapshot_again_changes_nothing(project):
    labeled_image(project, "a", box())
    _, first = snapshot_of(project)
    _, again = snapshot_of(project)
    assert again == first
    assert project.snapshots.list() == [first]


def test_the_newest_snapshot_is_first_and_the_latest(project):
    labeled_image(project, "a", box())
    _, old = snapshot_of(project)
    labeled_image(project, "b", box())
    _, new = snapshot_of(project)
    assert project.snapshots.list() == [new, old]
    assert project.snapshots.info() == new
    assert project.snapshots.load()[0] == new


def test_a_snapshot_larger_than_a_page_is_whole(project):
    add_images(project, [f"{i:05}" for i in range(4100)])
    snapshot, info = snapshot_of(project)
    assert project.snapshots.get(info.id) == snapshot
    assert len(project.snapshots.load(info.id)[1]) == 4100


def test_a_snapshot_that_does_not_hold_what_its_annotations_say_is_refused(project):
    a = labeled_image(project, "a", box())
    b = labeled_image(project, "b", box(left=5.0))
    held = project.annotations.consensus()
    snapshot, _ = snapshot_of(project, {"a": "test"})
    for ids in ({a: held[b].id, b: held[a].id}, {a: None, b: None}, {a: 10**6, b: held[b].id}):
        other = Snapshot.of(snapshot.items, ["another class"])
        with pytest.raises(InvalidInputError, match="does not say what the snapshot holds"):
            project.snapshots.save(other, ids, note="", book_revision=1)
    assert len(project.snapshots.list()) == 1


def test_a_snapshot_of_an_unknown_image_is_refused(project):
    snapshot = Snapshot.of([SnapshotItem("0" * 64, "", "train")], [])
    with pytest.raises(NotFoundError, match="0000"):
        project.snapshots.save(snapshot, {}, note="", book_revision=1)


def test_groups_keep_the_split_of_the_newest_snapshot(project):
    assert project.snapshots.last_splits() == {}
    for name, group in [("a", "part 1"), ("b", "part 1"), ("c", None)]:
        labeled_image(project, name, box(), group=group)
    snapshot_of(project, {"a": "train", "b": "train", "c": "train"})
    snapshot_of(project, {"a": "test", "b": "test", "c": "val"})
    alone = project.images.find("c").sha256
    assert project.snapshots.last_splits() == {"part 1": "test", alone: "val"}


def test_images_grouped_later_go_where_most_of_them_were_and_rather_out_of_training(project):
    shas = {n: labeled_image(project, n, box()) for n in "abcde"}
    snapshot_of(project, {"a": "train", "b": "train", "c": "test", "d": "train", "e": "test"})
    project.images.set_group({shas[n]: "most train" for n in "abc"})
    project.images.set_group({shas[n]: "even" for n in "de"})
    assert project.snapshots.last_splits() == {"most train": "train", "even": "test"}


def test_an_unknown_snapshot_is_named_with_those_there_are(project):
    with pytest.raises(NotFoundError, match="no snapshot yet"):
        project.snapshots.get()
    labeled_image(project, "a", box())
    _, info = snapshot_of(project)
    for wrong in ("ffff" if info.id[0] != "f" else "0000", "", "nonsense"):
        with pytest.raises(NotFoundError, match=f"no snapshot '{wrong}'") as caught:
            project.snapshots.get(wrong)
        assert info.id[:12] in caught.value.hint


def test_a_beginning_that_fits_several_snapshots_is_refused(project):
    for number in range(17):  # of seventeen ids two begin with the same digit
        labeled_image(project, f"{number}", box())
        snapshot_of(project)
    digits = [i.id[0] for i in project.snapshots.list()]
    twice = next(d for d in digits if digits.count(d) > 1)
    with pytest.raises(InvalidInputError, match="several snapshots"):
        project.snapshots.get(twice)
