import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.quality.feasibility.surroundings import surroundings
from pitmark.quality.shortcuts import find_shortcuts


def _images(count=80, seed=0):
    """Grey parts; every second one has a small dent in its middle."""
    rng = np.random.default_rng(seed)
    images = [rng.normal(120, 12, (60, 80)) + rng.normal(0, 8) for _ in range(count)]
    classes = ["NG" if n % 2 else "OK" for n in range(count)]
    for image, label in zip(images, classes, strict=True):
        if label == "NG":
            y, x = rng.integers(8, 45), rng.integers(8, 65)
            image[y : y + 4, x : x + 4] -= 60
    return images, classes


def _found(images, classes, **how):
    rows = [surroundings(np.clip(i, 0, 255).astype(np.uint8)) for i in images]
    tables = {name: np.stack([r[name] for r in rows]) for name in rows[0]}
    groups = how.pop("groups", list(range(len(images))))
    return find_shortcuts(tables, classes, groups, **how)


@pytest.mark.parametrize("seed", range(4))
def test_parts_with_small_defects_alone_have_no_shortcut(seed):
    images, classes = _images(seed=seed)
    assert [s for s in _found(images, classes, local=True) if s.verdict == "shortcut"] == []


def test_another_frame_around_bad_parts_is_a_shortcut():
    images, classes = _images()
    for image, label in zip(images, classes, strict=True):
        if label == "NG":
            image[:2] += 30
    found = _found(images, classes)
    (frame,) = [s for s in found if s.family == "frame"]
    assert frame.verdict == "shortcut"
    assert frame.told > 0.9
    assert "from the outer 5 % of the picture alone" in frame.why


def test_a_stamp_in_one_corner_is_a_shortcut():
    images, classes = _images()
    rng = np.random.default_rng(9)
    for image, label in zip(images, classes, strict=True):
        if label == "NG":
            image[52:57, 62:78] = rng.choice([0, 255], (5, 16))
    assert ("corners", "shortcut") in {(s.family, s.verdict) for s in _found(images, classes)}


def test_another_size_of_bad_images_is_a_shortcut():
    images, classes = _images()
    images = [i[:, :70] if c == "NG" else i for i, c in zip(images, classes, strict=True)]
    found = _found(images, classes)
    assert [s.family for s in found if s.verdict == "shortcut"] == ["size"]
    assert found[0].told == 1.0


def test_kinds_of_surface_are_a_hint_not_a_shortcut():
    rng = np.random.default_rng(0)
    classes = ["rough" if n % 2 else "smooth" for n in range(80)]
    images = [rng.normal(120, 30 if c == "rough" else 8, (60, 80)) for c in classes]
    found = _found(images, classes)
    assert {s.verdict for s in found} == {"hint"}
    assert "the whole surface may be what the class is" in found[0].why


def test_a_bright_lamp_over_local_defects_is_a_shortcut():
    images, classes = _images()
    images = [i + 40 * (c == "NG") for i, c in zip(images, classes, strict=True)]
    assert "light" in {s.family for s in _found(images, classes, local=True)}
    assert {s.verdict for s in _found(images, classes, local=True)} == {"shortcut"}


def test_a_look_of_parts_is_not_taken_for_one_of_classes():
    rng = np.random.default_rng(4)
    part = np.repeat(np.arange(12), 8)
    level = rng.normal(0, 30, 12)[part]
    images = [rng.normal(120, 5, (40, 40)) + v for v in level]
    classes = [str(c) for c in rng.integers(0, 2, 12)[part]]
    found = _found(images, classes, groups=part.tolist())
    assert [s for s in found if s.told > 0.95] == []


def test_metadata_that_gives_the_class_away_is_named():
    rng = np.random.default_rng(5)
    classes = ["NG" if n % 2 else "OK" for n in range(60)]
    camera = np.array([[c == "NG"] for c in classes], float)
    tables = {"metadata camera": camera, "metadata lot": rng.normal(size=(60, 1))}
    (found,) = find_shortcuts(tables, classes, list(range(60)))
    assert (found.family, found.verdict, found.told) == ("metadata camera", "shortcut", 1.0)
    assert found.to_json()["middle"] is None


def test_few_images_tell_nothing():
    assert find_shortcuts({"size": np.eye(4)}, ["a", "a", "b", "b"], [0, 1, 2, 3]) == []


def test_lengths_that_differ_are_refused():
    with pytest.raises(InvalidInputError, match="differ"):
        find_shortcuts({"size": np.eye(3)}, ["a", "b"], [0, 1])


@pytest.mark.parametrize("shape", [(1, 1), (2, 90), (30, 30, 3)])
def test_any_shape_has_figures_of_one_length(shape):
    image = np.full(shape, 7, np.uint8)
    found = {k: len(v) for k, v in surroundings(image).items()}
    assert found == {k: len(v) for k, v in surroundings(np.zeros((50, 50), np.uint16)).items()}
    assert all(np.isfinite(v).all() for v in surroundings(image).values())
