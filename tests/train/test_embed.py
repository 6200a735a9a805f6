import numpy as np
import pytest

from pitmark.train.embed import embed_images
from tests.train.runs import trained
from tests.train.toys import good_only, mixed


def test_every_image_gets_one_vector_and_the_same_image_the_same():
    toys = mixed("detection", per_kind=4)
    shas = [i.image.sha256 for i in toys.images]
    found = embed_images(shas, toys.load, side=64)
    assert list(found) == shas
    assert all(v.shape == (384,) and v.dtype == np.float32 for v in found.values())
    alone = embed_images(shas[3:4], toys.load, side=64)
    assert alone[shas[3]] == pytest.approx(found[shas[3]], abs=1e-4)


def test_a_noisy_copy_is_nearer_than_another_image():
    toys = good_only(1)
    sha = toys.images[0].image.sha256
    rng = np.random.default_rng(1)
    image = toys.load(sha)
    pixels = {
        "one": image,
        "copy": (image + rng.integers(0, 3, image.shape)).astype(np.uint8),
        "other": mixed("detection", per_kind=1, seed=6).pixels.popitem()[1],
    }
    found = embed_images(list(pixels), pixels.__getitem__, side=64)
    gap = {k: np.linalg.norm(found["one"] - found[k]) for k in ("copy", "other")}
    assert gap["copy"] < 0.5 * gap["other"]


def test_sixteen_bit_images_are_embedded_by_the_range_of_the_model():
    toys = good_only(3, mode="L16")
    model = trained(toys)
    shas = [i.image.sha256 for i in toys.images]
    with_model = embed_images(shas, toys.load, model=model, side=64)
    assert np.isfinite(list(with_model.values())).all()
