"""References in the store: kept with their images, never samples themselves."""

from dataclasses import replace

import pytest

from pitmark.core.errors import StorageError
from pitmark.core.label_book import LabelBook
from pitmark.core.records import ImageRecord
from tests.store.making import add_image, box, label, labeled_image, snapshot_of


def compared(project, name, reference, *, content=None):
    """An image with a reference; gives the sha256 of both."""
    beside = project.blobs.put(reference.encode())
    return add_image(project, name, content=content, reference=beside), beside


def test_a_reference_comes_back_with_its_image_and_is_no_image(project):
    sha, beside = compared(project, "a.png", "golden")
    assert project.images.get(sha).reference == beside
    assert [r.sha256 for r in project.images.all()] == [sha]
    assert project.images.count() == project.info.images == 1


def test_a_known_image_takes_the_reference_it_comes_with_later_and_keeps_it(project):
    sha = add_image(project, "a.png")
    beside = project.blobs.put(b"golden")
    record = project.images.get(sha)
    assert project.images.add(replace(record, reference=beside), source="photos") is False
    assert project.images.get(sha).reference == beside
    project.images.add(record, source="photos")
    assert project.images.get(sha).reference == beside


def test_an_image_whose_reference_is_not_stored_is_refused(project):
    sha = project.blobs.put(b"here")
    record = ImageRecord(sha, 8, 8, "L", "a", reference="0" * 64)
    with pytest.raises(StorageError, match="0000 is not in the workspace"):
        project.images.add(record, source="photos")
    assert project.images.count() == 0


def test_an_unlabeled_image_that_serves_as_reference_is_no_sample_any_more(project):
    golden = add_image(project, "golden.png")
    add_image(project, "b.png")
    assert project.images.count() == 2
    sha, beside = compared(project, "a.png", "golden.png")
    assert beside == golden
    assert [r.name for r in project.images.all()] == ["a.png", "b.png"]
    assert [r.name for r in project.images.iterate(1)] == ["a.png", "b.png"]
    assert project.images.count() == 2
    assert project.images.find("golden.png").sha256 == golden
    label(project, golden)
    assert project.images.count() == 3
    assert sha != golden


def test_an_image_with_the_bytes_of_its_own_reference_stays_a_sample(project):
    sha, beside = compared(project, "a.png", "same", content="same")
    assert sha == beside
    assert project.images.count() == 1


def test_references_of_another_project_count_for_nothing(store, project):
    other = store.create_project("other", "detection", LabelBook())
    add_image(other, "golden")
    compared(project, "a.png", "golden")
    assert other.images.count() == 1


def test_a_snapshot_keeps_the_references_of_its_time(project):
    sha, beside = compared(project, "a.png", "golden")
    label(project, sha, box())
    snapshot, _ = snapshot_of(project)
    newer = project.blobs.put(b"newer")
    record = project.images.get(sha)
    project.images.add(replace(record, reference=newer), source="photos")
    assert project.images.get(sha).reference == newer
    _, images = project.snapshots.load(snapshot.id)
    assert images[0].image.reference == beside
    assert project.snapshots.get(snapshot.id) == snapshot


def test_a_snapshot_taken_without_references_still_has_none(project):
    sha = labeled_image(project, "a.png", box())
    snapshot, info = snapshot_of(project)
    record = replace(project.images.get(sha), reference=project.blobs.put(b"golden"))
    project.images.add(record, source="photos")
    _, images = project.snapshots.load(info.id)
    assert images[0].image.reference is None
    assert project.snapshots.get(info.id).id == snapshot.id


def test_references_go_with_their_project_and_stay_for_others(store, project):
    _, mine = compared(project, "a.png", "mine")
    sha, shared = compared(project, "b.png", "shared")
    label(project, sha, box())
    snapshot_of(project)
    compared(store.create_project("other", "detection", LabelBook()), "c.png", "shared")
    assert store.check() == []
    store.delete_project("casings")
    assert [store.blobs.has(s) for s in (mine, shared)] == [False, True]
    assert store.check() == []


def test_a_lost_reference_is_a_problem_of_the_workspace(store, project):
    _, beside = compared(project, "a.png", "golden")
    project.blobs.remove(beside)
    assert any(beside in problem for problem in store.check())
