import csv

import numpy as np
import pytest
from PIL import Image

from pitmark.core.errors import InvalidInputError, UnknownFormatError
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import ImageClass
from pitmark.ops.images.importing import ImportOptions, group_by_metadata, import_folder
from pitmark.store.db import open_store
from tests.ops.toys import class_folder, mask_folder, yolo_folder


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "home", create=True) as opened:
        yield opened


@pytest.fixture
def project(store):
    return store.create_project("parts", "classification", LabelBook())


def test_a_folder_is_imported_with_its_labels_and_good_is_good(project, tmp_path):
    done = import_folder(project, class_folder(tmp_path / "in"))
    assert (done.found, done.added, done.labeled, done.known) == (24, 24, 24, 0)
    assert project.book.current().entry("good").good
    assert not project.book.current().entry("dent").good
    assert len(project.annotations.consensus()) == 24


def test_the_same_folder_twice_imports_nothing_new(project, tmp_path):
    folder = class_folder(tmp_path / "in")
    import_folder(project, folder)
    before = len(project.annotations.history(project.images.all()[0].sha256))
    again = import_folder(project, folder)
    assert (again.added, again.known) == (0, 24)
    assert len(project.annotations.history(project.images.all()[0].sha256)) == before


def test_a_broken_file_is_named_and_the_rest_is_imported(project, tmp_path):
    folder = class_folder(tmp_path / "in")
    good = sorted((folder / "dent").iterdir())[0]
    (folder / "dent" / "cut.png").write_bytes(good.read_bytes()[:200])
    (folder / "good" / "empty.png").write_bytes(b"")
    done = import_folder(project, folder)
    assert done.added == 24
    assert {p.name for p in done.problems} == {"dent/cut.png", "good/empty.png"}
    assert all(p.reason for p in done.problems)


def test_a_copy_under_another_label_speaks_as_a_second_labeler(project, tmp_path):
    folder = class_folder(tmp_path / "in", count=4)
    copied = sorted((folder / "dent").iterdir())[0]
    (folder / "good" / "copy.png").write_bytes(copied.read_bytes())
    done = import_folder(project, folder)
    assert (done.added, done.known) == (4, 1)
    (sha,) = project.images.occurrences()
    said = {k: v.shapes for k, v in project.annotations.all_latest()[sha].items()}
    assert said == {
        "import": (ImageClass("dent"),),
        "import (copy)": (ImageClass("good"),),
    }


def test_metadata_comes_from_names_and_groups_images(project, tmp_path):
    options = ImportOptions(pattern="{camera}_{part}_{n}", group_by=("part",))
    import_folder(project, class_folder(tmp_path / "in"), options=options)
    records = project.images.all()
    assert {r.metadata["camera"] for r in records} == {"cam0", "cam1", "cam2"}
    assert len({r.group for r in records}) == 12


def test_metadata_comes_from_a_table(project, tmp_path):
    folder = class_folder(tmp_path / "in", count=4)
    table = tmp_path / "lots.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "lot"])
        for path in sorted(folder.rglob("*.png")):
            writer.writerow([path.name, 4711])
    import_folder(project, folder, options=ImportOptions(metadata_csv=table))
    assert {r.metadata["lot"] for r in project.images.all()} == {4711}
    assert group_by_metadata(project, ["lot"]) == 1


def test_grouping_by_what_no_image_has_is_refused_before_anything_is_taken(project, tmp_path):
    folder = class_folder(tmp_path / "in", count=4)
    with pytest.raises(InvalidInputError, match="no image has metadata 'tile'"):
        import_folder(project, folder, options=ImportOptions(group_by=("tile",)))
    assert project.images.count() == 0


def test_boxes_and_masks_arrive_with_their_images(store, tmp_path):
    boxes = store.create_project("boxes", "detection", LabelBook())
    import_folder(boxes, yolo_folder(tmp_path / "yolo", count=6))
    assert sum(len(a.shapes) for a in boxes.annotations.consensus().values()) == 3
    masks = store.create_project("masks", "segmentation", LabelBook())
    import_folder(masks, mask_folder(tmp_path / "masks", count=6))
    assert sum(len(a.shapes) for a in masks.annotations.consensus().values()) == 3


def test_a_folder_of_nothing_is_refused(project, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnknownFormatError):
        import_folder(project, tmp_path / "empty")
    with pytest.raises(InvalidInputError, match="there is no folder"):
        import_folder(project, tmp_path / "nowhere")


def test_sixteen_bit_images_keep_their_depth(project, tmp_path):
    for index, name in enumerate(("good", "dent")):
        (tmp_path / "deep" / name).mkdir(parents=True)
        pixels = np.full((40, 40), 1000 + 30000 * index, np.uint16)
        Image.fromarray(pixels).save(tmp_path / "deep" / name / "a.png")
    import_folder(project, tmp_path / "deep")
    assert {r.mode for r in project.images.all()} == {"L16"}
