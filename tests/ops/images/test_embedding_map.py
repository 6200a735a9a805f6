import numpy as np
import pytest

from pitmark.core.errors import NotEnoughDataError
from pitmark.core.label_book import LabelBook
from pitmark.ops.images.embedding_map import make_map, read_map
from pitmark.ops.images.importing import import_folder
from pitmark.quality.plane_map import plane_of
from pitmark.store.db import open_store
from tests.ops.toys import class_folder


@pytest.fixture
def project(tmp_path):
    with open_store(tmp_path / "home", create=True) as store:
        yield store.create_project("parts", "classification", LabelBook())


def test_a_map_has_a_point_for_every_image_and_is_kept(project, tmp_path):
    assert read_map(project) is None
    import_folder(project, class_folder(tmp_path / "in", count=12))
    made = make_map(project)
    assert set(made.sha256) == {r.sha256 for r in project.images.iterate()}
    assert made.xy.shape == (12, 2)
    assert np.abs(made.xy).max() <= 1
    kept = read_map(project)
    assert (kept.sha256, kept.made) == (made.sha256, made.made)
    assert np.array_equal(kept.xy, made.xy)


def test_only_new_images_are_looked_at_again(project, tmp_path):
    import_folder(project, class_folder(tmp_path / "in", count=12))
    make_map(project)
    import_folder(project, class_folder(tmp_path / "more", count=16))
    seen = []
    again = make_map(project, report=seen.append)
    assert [p.total for p in seen] == [4]
    assert len(again.sha256) == 16
    (project.work / "map.npz").unlink()
    assert np.allclose(make_map(project).xy, again.xy, atol=1e-6)


def test_a_damaged_map_is_none(project, tmp_path):
    (project.work / "map.npz").write_bytes(b"PK\x03\x04 and then nothing")
    assert read_map(project) is None
    import_folder(project, class_folder(tmp_path / "in", count=4))
    assert len(make_map(project).sha256) == 4


def test_two_images_are_too_few_for_a_map(project, tmp_path):
    import_folder(project, class_folder(tmp_path / "in", count=2))
    with pytest.raises(NotEnoughDataError, match="has 2 images, too few for a map"):
        make_map(project)


def test_the_plane_keeps_apart_what_is_far_apart():
    rng = np.random.default_rng(0)
    near = rng.normal(0, 0.1, (50, 16))
    far = rng.normal(0, 0.1, (50, 16)) + 3
    points = plane_of(np.concatenate([near, far]))
    gap = abs(points[:50, 0].mean() - points[50:, 0].mean())
    assert gap > 10 * points[:50].std(axis=0).max()
    assert np.array_equal(plane_of(np.concatenate([near, far])), points)


def test_an_outlier_does_not_squeeze_all_others_into_a_corner():
    rng = np.random.default_rng(0)
    rows = rng.normal(0, 1, (1000, 8))
    rows[0] = 10_000
    assert plane_of(rows)[1:, 1].std() > 0.1


def test_vectors_that_are_all_alike_are_one_point():
    assert np.array_equal(plane_of(np.ones((5, 4))), np.zeros((5, 2)))
    assert plane_of(np.arange(5.0)[:, None]).shape == (5, 2)
