from collections import Counter

import pytest

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import ImageClass
from pitmark.ops.images.importing import ImportOptions, import_folder
from pitmark.ops.images.snapshots import SplitPlan, take_snapshot
from pitmark.ops.labels.labeling import annotate
from pitmark.store.db import open_store
from tests.ops.toys import class_folder, mask_folder


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "home", create=True) as opened:
        yield opened


@pytest.fixture
def project(store, tmp_path):
    made = store.create_project("parts", "classification", LabelBook())
    options = ImportOptions(pattern="{camera}_{part}_{n}", group_by=("part",))
    import_folder(made, class_folder(tmp_path / "in", count=40), options=options)
    return made


def splits_of(project):
    return {i.image.sha256: i for i in project.snapshots.load("latest")[1]}


def test_the_same_data_is_the_same_snapshot(project):
    assert take_snapshot(project).id == take_snapshot(project).id


def test_a_correction_changes_the_snapshot_in_exactly_that_image(project):
    first = take_snapshot(project)
    image = next(r for r in project.images.all() if r.name.startswith("good/"))
    annotate(project, image.name, (ImageClass("dent"),), labeler="eva")
    annotate(project, image.name, (ImageClass("dent"),), labeler="ida")
    second = take_snapshot(project)
    diff = project.snapshots.get(first.id).diff(project.snapshots.get(second.id))
    assert diff.relabeled == (image.sha256,)
    assert diff.moved == diff.added == diff.removed == ()


def test_an_old_snapshot_keeps_the_labels_it_was_taken_with(project):
    first = take_snapshot(project)
    image = next(r for r in project.images.all() if r.name.startswith("good/"))
    for labeler in ("eva", "ida"):
        annotate(project, image.name, (ImageClass("dent"),), labeler=labeler)
    old = {i.image.sha256: i for i in project.snapshots.load(first.id)[1]}
    assert old[image.sha256].shapes == (ImageClass("good"),)


def test_views_of_one_part_stay_together(project):
    take_snapshot(project)
    by_group: dict[str, set[str]] = {}
    for item in splits_of(project).values():
        by_group.setdefault(item.image.group_key, set()).add(item.split)
    assert all(len(found) == 1 for found in by_group.values())


def test_counts_draw_that_many_images(project):
    take_snapshot(project, plan=SplitPlan(train=16, val=4))
    counts = Counter(i.split for i in splits_of(project).values())
    assert counts == {"train": 16, "val": 4, "test": 20}


def test_images_added_later_do_not_move_the_others(project, tmp_path):
    take_snapshot(project)
    before = {sha: i.split for sha, i in splits_of(project).items()}
    options = ImportOptions(pattern="{camera}_{part}_{n}", group_by=("part",))
    import_folder(project, class_folder(tmp_path / "more", count=80), options=options)
    take_snapshot(project)
    after = {sha: i.split for sha, i in splits_of(project).items()}
    assert len(after) > len(before)
    assert all(after[sha] == split for sha, split in before.items())


def test_anomaly_trains_on_good_images_only(store, tmp_path):
    made = store.create_project("good-only", "anomaly", LabelBook())
    import_folder(made, mask_folder(tmp_path / "masks", count=30))
    take_snapshot(made, plan=SplitPlan(train=10, val=0))
    items = splits_of(made).values()
    assert all(i.shapes == () for i in items if i.split == "train")
    assert Counter(i.split for i in items) == {"train": 10, "test": 20}


@pytest.mark.parametrize(
    ("plan", "error", "match"),
    [
        (SplitPlan(train=50), NotEnoughDataError, "40 can be drawn"),
        (SplitPlan(given=True), InvalidInputError, "came with the split None"),
    ],
)
def test_what_cannot_be_split_is_refused(project, plan, error, match):
    with pytest.raises(error, match=match):
        take_snapshot(project, plan=plan)


def test_a_project_without_labels_has_no_snapshot(store):
    empty = store.create_project("empty", "detection", LabelBook())
    with pytest.raises(NotEnoughDataError, match="no labeled image"):
        take_snapshot(empty)
