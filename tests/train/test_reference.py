"""Images compared with pictures of the same part without defects, from scene to model."""

from dataclasses import replace

import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.inspector import cut_pair
from pitmark.core.labels import BoxShape
from pitmark.core.records import references_of
from pitmark.train.augment import Augmentation, random_piece
from pitmark.train.batches import BatchMaker, collate, scene_weights, task_augmentation
from pitmark.train.compose import mosaic
from pitmark.train.dataset import SceneCache, make_scene
from pitmark.train.export import export_fp32, max_disagreement
from pitmark.train.folds import out_of_fold
from pitmark.train.int8 import export_int8
from pitmark.train.loop import fingerprint
from pitmark.train.model import TrainedModel
from pitmark.train.network import Network, NetworkPlan
from pitmark.train.planning import plan_inspector
from pitmark.train.quick import quick_fit
from pitmark.train.reference import ReferenceFusion
from tests.train.runs import planned, same_weights, tiny, trained
from tests.train.toys import Toys, mixed

torch = pytest.importorskip("torch")
COMPARING = ("classification", "detection", "segmentation")


def toys_for(task, **more):
    return mixed(task, per_kind=2, references=True, **more)


def test_at_the_start_the_head_sees_the_image_plus_a_little_of_the_difference():
    features = [torch.rand(2, w, 8, 8) for w in (4, 8)]
    fusion = ReferenceFusion((4, 8))
    fusion.reset()
    for seen, same in zip(fusion(features, features), features, strict=True):
        assert torch.equal(seen, same)
    others = [torch.rand_like(f) for f in features]
    for seen, own, other in zip(fusion(features, others), features, others, strict=True):
        moved = (seen - own).norm() / (own - other).norm()
        assert 0 < moved < 0.5


def test_a_fresh_network_says_nearly_the_same_with_and_without_a_reference_like_the_image():
    images = torch.rand(2, 3, 64, 64)
    plain = Network(NetworkPlan("segmentation", 2)).eval()
    compared = Network(NetworkPlan("segmentation", 2, reference=True)).eval()
    with torch.no_grad():
        assert torch.allclose(
            compared(images, images)["maps"], plain(images)["maps"], atol=1e-5
        )


def test_the_embedding_is_that_of_the_image_whatever_it_is_compared_with():
    network = Network(NetworkPlan("detection", 2, reference=True)).eval()
    images, one, other = (torch.rand(2, 3, 64, 64) for _ in range(3))
    with torch.no_grad():
        first, second = (network(images, r)["embedding"] for r in (one, other))
    assert torch.allclose(first, second, atol=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_image_and_reference_are_cut_turned_and_mirrored_alike_and_lit_apart(seed):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 255, (60, 80), dtype=np.uint8)
    toys = Toys("detection").add("spot")
    scene = make_scene(image, (), planned(toys), reference=image)
    how = Augmentation(jitter_px=0.0, light=0.0)
    piece = random_piece(scene, (64, 32), how, np.random.default_rng(seed))
    assert piece.pixels.shape == piece.reference.shape == (32, 64, 3)
    np.testing.assert_array_equal(piece.pixels, piece.reference)
    lit = random_piece(scene, (64, 32), replace(how, light=1.0), np.random.default_rng(seed))
    assert not np.array_equal(lit.pixels, lit.reference)
    aside = replace(how, jitter_px=4.0)
    moved = random_piece(scene, (64, 32), aside, np.random.default_rng(seed))
    assert not np.array_equal(moved.pixels, moved.reference)


def test_a_reference_changes_no_choice_of_patches_without_one():
    plain, compared = mixed("detection", per_kind=1), mixed("detection", per_kind=1)
    spec = planned(plain)
    batches = []
    for toys in (plain, compared):
        cache = SceneCache(toys.images, toys.load, spec)
        how = task_augmentation("detection", flips=True, turns=True)
        maker = BatchMaker(cache, spec, how, scene_weights(cache, spec), 0)
        batches.append(maker.batch(0, 4, 0.0))
    assert batches[0].references is None
    assert torch.equal(batches[0].images, batches[1].images)


def test_a_batch_holds_references_normalized_like_images():
    toys = toys_for("detection")
    spec = planned(toys)
    cache = SceneCache(toys.images, toys.load, spec)
    how = Augmentation(jitter_px=0.0, light=0.0)
    pieces = [random_piece(cache[i], (64, 64), how, np.random.default_rng(i)) for i in (0, 1)]
    batch = collate(pieces, spec.preprocess)
    assert batch.references.shape == batch.images.shape
    # The first toy is a good one: it is its reference.
    assert torch.equal(batch.references[0], batch.images[0])
    assert batch.to(torch.device("cpu")).references is not None


def test_a_mosaic_of_images_is_one_of_their_references_too():
    toys = toys_for("detection")
    cache = SceneCache(toys.images, toys.load, planned(toys))
    four = (cache[0], cache[3], cache[0], cache[3])
    how = Augmentation(jitter_px=0.0, light=0.0)
    piece = mosaic(four, (64, 64), how, np.random.default_rng(0))
    np.testing.assert_array_equal(piece.pixels, piece.reference)


def test_a_reference_of_another_size_or_depth_is_refused():
    spec, image = planned(Toys("detection").add("spot")), np.zeros((48, 64), np.uint8)
    for other in (np.zeros((48, 63), np.uint8), np.zeros((48, 64), np.uint16)):
        with pytest.raises(InvalidInputError, match=r"the reference has 6\dx48 pixels of uint"):
            make_scene(image, (), spec, reference=other)
    assert make_scene(image, (), spec, reference=np.zeros((48, 64, 3), np.uint8))


def test_images_are_compared_where_every_training_image_has_a_reference():
    toys = toys_for("detection")
    assert planned(toys).reference
    assert not planned(toys, tiny(reference=False)).reference
    bare = replace(toys.images[0], image=replace(toys.images[0].image, reference=None))
    some = [bare, *toys.images[1:]]
    assert not plan_inspector(some, toys.book, "detection", tiny()).reference
    with pytest.raises(NotEnoughDataError, match=r"1 of 6 training images have no reference"):
        plan_inspector(some, toys.book, "detection", tiny(reference=True))
    held = [replace(bare, split="val"), *toys.images[1:]]
    assert plan_inspector(held, toys.book, "detection", tiny()).reference


def test_anomaly_detection_and_the_quick_model_compare_with_nothing():
    toys = Toys("anomaly", references=True).add_many(["good"] * 4)
    assert not planned(toys).reference
    with pytest.raises(InvalidInputError, match="anomaly compares with no reference"):
        planned(toys, tiny(reference=True))
    boxes = toys_for("detection")
    with pytest.raises(InvalidInputError, match="quick first model compares with no"):
        quick_fit(boxes.images, boxes.load, planned(boxes), tiny())


@pytest.mark.parametrize("task", COMPARING)
def test_a_model_that_compares_is_trained_kept_and_used_again(task):
    toys = toys_for(task)
    model = trained(toys, tiny(image_steps=16))
    assert same_weights(model, trained(toys, tiny(image_steps=16)))
    again = TrainedModel.from_bytes(model.to_bytes())
    image, reference = (toys.load(s) for s in next(iter(references_of(toys.images).items())))
    assert again.spec.reference
    assert again.predict(image, reference).score == pytest.approx(
        model.predict(image, reference).score, abs=1e-5
    )
    with pytest.raises(InvalidInputError, match="compares with a reference image, and none"):
        model.predict(image)
    found = model.predict_many(
        [i.image.sha256 for i in toys.images],
        toys.load,
        references=references_of(toys.images),
    )
    assert len(found) == len(toys.images)


def test_what_differs_from_the_reference_decides_after_training():
    toys = mixed("detection", per_kind=4, references=True)
    model = trained(toys, tiny(image_steps=400))
    fresh = Toys("detection", references=True, seed=5).add_many(["spot", "bar"] * 3)
    right, wrong = [], []
    for item in fresh.images:
        image, reference = toys_pair(fresh, item)
        right.append(model.predict(image, reference).score)
        wrong.append(model.predict(image, image).score)
    assert np.mean(right) > np.mean(wrong) + 0.1


def toys_pair(toys, item):
    return toys.load(item.image.sha256), toys.load(item.image.reference)


def test_a_model_of_tiles_compares_tile_by_tile():
    toys = mixed("segmentation", per_kind=1, references=True, size_wh=(96, 80))
    model = trained(toys, tiny(image_steps=8, tile=True))
    image, reference = toys_pair(toys, toys.images[1])
    one, other = cut_pair(image, reference, model.spec)
    assert len(one) == len(other) > 1
    assert model.predict(image, reference).maps_khw.shape[0] == 2


def test_labels_are_judged_with_references_as_well():
    toys = mixed("detection", per_kind=2, references=True)
    spec = planned(toys)
    found = out_of_fold(toys.images, toys.load, spec, tiny(image_steps=8), folds=2)
    assert len(found) == len(toys.images)


def test_a_run_depends_on_the_references_it_learns_from():
    toys = toys_for("detection")
    spec, first = planned(toys), toys.images[0]
    other = replace(first, image=replace(first.image, reference="f" * 64))
    assert fingerprint(toys.images, spec, tiny()) != fingerprint(
        [other, *toys.images[1:]], spec, tiny()
    )


def test_training_without_the_reference_of_one_image_names_it():
    toys = toys_for("detection")
    spec = planned(toys)
    toys.references = False
    toys.add("spot")
    cache = SceneCache(toys.images, toys.load, spec)
    with pytest.raises(InvalidInputError, match="has no reference image, and the model"):
        cache[len(toys.images) - 1]


def test_boxes_stay_where_they_are_when_a_reference_is_jittered():
    image = np.zeros((64, 64), np.uint8)
    image[20:30, 20:40] = 255
    spec = replace(planned(Toys("detection").add("spot")), classes=("spot",))
    shapes = (BoxShape("spot", (20, 20, 40, 30)),)
    scenes = [make_scene(image, shapes, spec, reference=r) for r in (None, image)]
    how = Augmentation(flips=False, turns=False, zoom=(1.0, 1.0), focus=0.0)
    for scene in scenes:
        piece = random_piece(scene, (64, 64), how, np.random.default_rng(3))
        ((x1, y1, x2, y2),) = piece.boxes_xyxy.round().astype(int)
        assert piece.pixels[y1:y2, x1:x2].min() > piece.pixels[0, 0].max()


@pytest.fixture(scope="module", params=COMPARING)
def exported(request):
    """A trained model that compares, its ONNX file, and patches of images and references."""
    toys = mixed(request.param, per_kind=2, references=True)
    model = trained(toys, tiny(input_wh=(96, 64), image_steps=32))
    pairs = [cut_pair(*toys_pair(toys, i), model.spec) for i in toys.images]
    patches = [np.concatenate([p[n].data for p in pairs]) for n in (0, 1)]
    return model, export_fp32(model), patches


def run_onnx(data, patches):
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    assert [i.name for i in session.get_inputs()] == ["images", "references"]
    feed = dict(zip(("images", "references"), patches, strict=True))
    return dict(zip(names, session.run(None, feed), strict=True))


def test_torch_and_onnx_agree_with_references_at_any_batch_size(exported):
    model, data, patches = exported
    for count in (1, 3, len(patches[0])):
        some = [p[:count] for p in patches]
        theirs, ours = run_onnx(data, some), model.run(*some)
        for name, value in ours.items():
            assert value.shape == theirs[name].shape
            limit = 1e-3 * (64 if name == "boxes" else 1)
            assert np.abs(value - theirs[name]).max() < limit
    turned = run_onnx(data, patches[::-1])
    assert max_disagreement(turned, model.run(*patches)) > 1e-3


def test_int8_is_calibrated_with_references_and_stays_near_fp32(exported):
    model, data, patches = exported
    small = export_int8(data, *patches)
    assert len(small) < 0.6 * len(data)
    assert max_disagreement(run_onnx(small, patches), model.run(*patches)) < 0.2
