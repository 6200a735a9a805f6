from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter, shift

from pitmark.core.errors import InvalidInputError
from pitmark.quality.copies import registered
from pitmark.quality.copies.duplicates import (
    DuplicatePair,
    contradictions,
    duplicate_groups,
    find_duplicates,
    fingerprint,
)
from pitmark.quality.copies.registered import TURN_WORDS, common_scale, turned

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def _part(seed, size=96):
    """A brushed surface with its own marks, under a light that all parts share."""
    rng = np.random.default_rng(seed)
    brushed = gaussian_filter(rng.normal(size=(size, size)), (6, 0.6)) * 40
    marks = gaussian_filter(rng.normal(size=(size, size)), 2.5) * 60
    light = 120 + 50 * np.linspace(-1, 1, size)[None, :]
    return light + brushed + marks


def _stored(image, gain=1.0, noise_seed=None):
    noise = (
        0 if noise_seed is None else np.random.default_rng(noise_seed).normal(0, 2, image.shape)
    )
    return np.clip(image * gain + noise, 0, 255).astype(np.uint8)


def _found(images, embeddings=None):
    keys = [f"{i:03}" for i in range(len(images))]
    scales = common_scale([(i.shape[1], i.shape[0]) for i in images])
    prints = [fingerprint(i, px_per_cell=s) for i, s in zip(images, scales, strict=True)]
    return find_duplicates(keys, prints, embeddings)


def _keys(pairs):
    return {(p.first, p.second) for p in pairs}


def test_identical_pixels_are_found_whatever_the_size():
    image = _stored(_part(0))
    images = [image, image.copy(), _stored(_part(1)), np.repeat(image[..., None], 3, axis=2)]
    pairs = [p for p in _found(images) if p.kind == "identical pixels"]
    assert _keys(pairs) == {("000", "001"), ("000", "003"), ("001", "003")}
    assert {p.similarity for p in pairs} == {1.0}


def test_one_changed_pixel_is_no_longer_identical():
    image = _stored(_part(0))
    other = image.copy()
    other[0, 0] ^= 1
    assert fingerprint(image).pixels != fingerprint(other).pixels


def test_the_same_values_in_another_shape_are_not_identical():
    image = np.arange(64, dtype=np.uint8).reshape(8, 8)
    assert fingerprint(image).pixels != fingerprint(image.reshape(4, 16)).pixels


def test_another_exposure_and_a_slightly_other_crop_are_near():
    images = [_stored(_part(s)) for s in range(60)]
    images += [_stored(_part(7), gain=0.5), _stored(_part(20)[4:, :93], gain=1.3)]
    assert _keys(_found(images)) == {("007", "060"), ("020", "061")}


def test_parts_that_all_look_alike_are_no_duplicates():
    same = _part(1000)
    images = [_stored(same + 0.2 * (_part(s) - 120)) for s in range(60)]
    assert _found(images) == []


def test_a_shared_loud_mark_makes_no_duplicates():
    images = []
    for seed in range(60):
        part = 0.3 * _part(seed)
        part[:, 40:44] -= 60
        images.append(_stored(part + 100))
    assert _found(images) == []


def test_the_same_picture_twice_is_found_among_two_images():
    assert len(_found([_stored(_part(0)), _stored(_part(0), noise_seed=3)])) == 1
    assert _found([_stored(_part(0)), _stored(_part(1))]) == []


@pytest.mark.parametrize("count", [0, 1])
def test_no_image_and_one_image_have_no_duplicates(count):
    assert _found([_stored(_part(0))] * count) == []


def test_empty_pictures_are_duplicates_only_of_their_very_pixels():
    images = [np.full((40, 40), v, np.uint8) for v in (0, 0, 9, 200)]
    images += [_stored(_part(s)) for s in range(20)]
    assert _keys(_found(images)) == {("000", "001")}


def test_a_large_group_of_identical_images_is_told_by_a_star():
    pairs = _found([np.zeros((8, 8), np.uint8)] * 50)
    assert len(pairs) == 49
    assert duplicate_groups(pairs) == [tuple(f"{i:03}" for i in range(50))]


@pytest.mark.parametrize("turn", range(1, 8))
def test_a_turned_or_mirrored_copy_is_found_and_named(turn):
    images = [_stored(_part(s)) for s in range(60)]
    copy = np.ascontiguousarray(turned(_stored(_part(7)), turn))
    (pair,) = _found([*images, copy])
    assert (pair.first, pair.second, pair.kind) == ("007", "060", "turned")
    ways = {TURN_WORDS[turn], TURN_WORDS[(8 - turn) % 4 if turn < 4 else turn]}
    assert any(w in pair.why for w in ways)


def test_parts_that_are_mirror_images_of_themselves_are_no_copies():
    images = []
    for seed in range(40):
        half = _part(seed)[:, :48]
        images.append(_stored(np.concatenate([half, half[:, ::-1]], axis=1)))
    assert _found(images) == []


def test_vectors_propose_pairs_that_the_hash_does_not():
    images = [_stored(_part(s)) for s in range(200)]
    images.append(_stored(_part(7)[20:, 25:]))
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(201, 32))
    vectors[200] = vectors[7] + 0.1 * rng.normal(size=32)
    assert _keys(_found(images, vectors)) == {("007", "200")}


def test_vectors_alone_make_no_pair():
    images = [_stored(_part(s)) for s in range(60)]
    assert _found(images, np.ones((60, 8))) == []


def test_the_order_of_the_images_does_not_change_what_is_found():
    images = [_stored(_part(s)) for s in range(40)] + [_stored(_part(3), gain=0.6)]
    keys = [str(i) for i in range(41)]
    prints = [fingerprint(i) for i in images]
    turned = find_duplicates(keys[::-1], prints[::-1])
    found = find_duplicates(keys, prints)
    assert [set(p) for p in _keys(turned)] == [set(p) for p in _keys(found)] == [{"3", "40"}]


def test_keys_that_repeat_are_refused():
    prints = [fingerprint(_stored(_part(s))) for s in range(2)]
    with pytest.raises(InvalidInputError, match="different keys, found 1 among 2"):
        find_duplicates(["a", "a"], prints)


def test_embeddings_of_other_images_are_refused():
    with pytest.raises(InvalidInputError, match=r"1 images need \(N, D\) embeddings"):
        find_duplicates(["a"], [fingerprint(_stored(_part(0)))], np.zeros((2, 4)))


def test_a_float_image_is_refused():
    with pytest.raises(InvalidInputError, match="float64"):
        fingerprint(np.zeros((4, 4)))


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (2000, 3), (5, 7, 3)])
def test_any_shape_has_a_fingerprint(shape):
    found = fingerprint(np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8))
    assert found.bits.shape == (32,)
    assert found.thumb.shape == (32, 32)
    assert np.isfinite(found.thumb).all()


def test_sixteen_bits_give_the_thumb_of_eight():
    image = _stored(_part(0))
    wide = fingerprint(image.astype(np.uint16) * 257)
    assert wide.thumb == pytest.approx(fingerprint(image).thumb, abs=0.01)
    assert wide.pixels != fingerprint(image).pixels


def test_a_small_shift_hardly_changes_the_similarity():
    images = [_stored(_part(s)) for s in range(60)]
    moved = shift(_part(5), (3, -5), mode="nearest")
    pairs = _found([*images, _stored(moved)])
    assert _keys(pairs) == {("005", "060")}
    assert pairs[0].similarity > 0.3


def _pair(first, second, similarity=0.9):
    return DuplicatePair(first, second, "near", similarity, "the pictures agree")


def test_groups_follow_chains_of_pairs():
    pairs = [_pair("b", "a"), _pair("b", "c"), _pair("x", "y")]
    assert duplicate_groups(pairs) == [("a", "b", "c"), ("x", "y")]


def test_duplicates_with_different_labels_contradict_each_other():
    labels = {"a": "scratch", "b": "dent", "c": "dent"}
    pairs = [_pair("a", "b", 0.8), _pair("b", "c"), _pair("a", "c", 0.95), _pair("a", "x")]
    found = contradictions(pairs, labels)
    assert [(c.first, c.second) for c in found] == [("a", "c"), ("a", "b")]
    assert found[0].why == "labeled 'scratch' and 'dent', but the pictures agree"


def _read(path):
    with Image.open(path) as image:
        return np.asarray(image if image.mode in ("L", "RGB") else image.convert("RGB"))


@pytest.mark.skipif(not (DATA / "xsdd").exists(), reason="the xsdd images are not here")
def test_the_nine_exact_pairs_of_xsdd_are_found_and_hardly_any_other():
    paths = sorted((DATA / "xsdd" / "datas").glob("*/*"))
    pairs = find_duplicates([str(p) for p in paths], [fingerprint(_read(p)) for p in paths])
    assert sum(p.kind == "identical pixels" for p in pairs) == 9
    assert len(pairs) - 9 <= 10


@pytest.mark.skipif(
    not (DATA / "magnetic_tile").exists(), reason="the magnetic_tile images are not here"
)
def test_exposures_of_one_magnetic_tile_are_found():
    lines = (DATA / "magnetic_tile" / "exposure_groups.csv").read_text().splitlines()[1:]
    rows = [line.split(",") for line in lines]
    tiles = {row[0]: row[4] for row in rows}
    images = [_read(DATA / "magnetic_tile" / row[0]) for row in rows]
    scales = common_scale([(i.shape[1], i.shape[0]) for i in images])
    prints = [fingerprint(i, px_per_cell=s) for i, s in zip(images, scales, strict=True)]
    groups = duplicate_groups(find_duplicates(list(tiles), prints))
    number = {key: n for n, group in enumerate(groups) for key in group}
    together = [
        number.get(a) is not None and number.get(a) == number.get(b)
        for i, a in enumerate(tiles)
        for b in list(tiles)[:i]
        if tiles[a] == tiles[b]
    ]
    assert np.mean(together) > 0.93


def test_many_pictures_are_compared_more_coarsely_with_the_same_outcome(monkeypatch):
    images = [_stored(_part(seed), noise_seed=seed) for seed in range(20)]
    images.append(_stored(np.roll(_part(3), (4, -3), axis=(0, 1)), noise_seed=77))
    pictures = [fingerprint(i).picture for i in images]
    first, second = np.full(20, 20), np.arange(20)
    for most_fine in (3000, 5):
        monkeypatch.setattr(registered, "_MOST_FINE", most_fine)
        alike = registered.Registered(pictures).similarity(first, second)
        assert alike.argmax() == 3
        assert alike[3] > 2 * np.delete(alike, 3).max()
