"""Which int8 model a release takes, and what it writes about it."""

import dataclasses

import pytest

from pitmark.core.bundle import MODEL_FP32, MODEL_INT8
from pitmark.core.label_book import ClassEntry, LabelBook
from pitmark.core.labels import ImageClass
from pitmark.core.records import ImageRecord, LabeledImage
from pitmark.edge.difference import Difference
from pitmark.edge.golden import GoldenReport, make_golden
from pitmark.edge.network import Network
from pitmark.ops.models.quantizing import Attempt, Judges, Loss, add_int8, validation_images
from tests.edge.networks import golden_for, onnx_for, part_image, spec_for

pytest.importorskip("torch")

SPEC = spec_for("classification")
BOOK = LabelBook(classes=(ClassEntry("good", good=True), ClassEntry("dent")))
PIXELS = {f"{n:064x}": part_image(n, bright=n % 2 == 0) for n in range(8)}


def held_out(split="val"):
    return [
        LabeledImage(
            ImageRecord(sha, 80, 96, "L", f"{n}.png"),
            (ImageClass("good" if n % 2 else "dent"),),
            split,
        )
        for n, sha in enumerate(PIXELS)
    ]


def said_by(model):
    network = Network(model, SPEC, name="m")
    return {sha: network.predict(p) for sha, p in PIXELS.items()}


def judges(images):
    return Judges(
        SPEC,
        images,
        said_by(onnx_for("classification")),
        PIXELS.__getitem__,
        BOOK,
        golden_for("classification", SPEC),
    )


def report(*, ok=True):
    return GoldenReport(2, 0.15, Difference(score=0.01 if ok else 0.4), () if ok else (1,))


def test_a_model_that_loses_nothing_is_taken_with_its_figures():
    files = {MODEL_FP32: onnx_for("classification")}
    record = add_int8(files, judges(held_out()), held_out("train"))
    assert MODEL_INT8 in files
    assert record["chosen"] == "whole"
    loss = record["attempts"][0]["loss"]
    assert (loss["metric"], loss["fp32"], loss["loss"]) == ("mean_recall", 1.0, 0.0)
    assert record["attempts"][0]["images"] == 8
    assert record["why"].startswith("int8 is in: mean_recall 1.000 against 1.000 in fp32")
    assert record["patches"] == 8


def test_where_every_attempt_loses_more_than_half_a_point_fp32_stays_alone():
    files = {MODEL_FP32: onnx_for("classification")}
    best = judges(held_out())
    # What the trained model is said to have answered is right; this one always says dent.
    files[MODEL_FP32] = onnx_for("classification", bias=9.0)
    spoiled = dataclasses.replace(best, golden=_golden_of(files[MODEL_FP32]))
    record = add_int8(files, spoiled, held_out("train"))
    assert MODEL_INT8 not in files
    assert record["chosen"] is None
    assert [a["extent"] for a in record["attempts"]] == ["whole", "inner"]
    assert all(a["loss"]["loss"] == 0.5 for a in record["attempts"])
    assert record["why"].startswith("int8 is out: mean_recall 0.500 against 1.000")


def _golden_of(model):
    network = Network(model, SPEC, name="m")
    images = [PIXELS[s] for s in list(PIXELS)[:2]]
    return make_golden(images, [network.predict(i) for i in images], SPEC)


def test_a_model_that_changes_golden_verdicts_is_not_measured_further():
    found = judges(held_out()).attempt(onnx_for("classification", bias=9.0), "whole")
    assert not found.ok
    assert found.loss is None
    assert "other verdicts" in found.sentence()


def test_without_validation_images_the_golden_images_decide_and_that_is_said():
    found = judges([]).attempt(onnx_for("classification"), "whole")
    assert found.ok
    assert "no validation image" in found.sentence()
    assert found.to_json()["loss"] is None


@pytest.mark.parametrize(("lost", "ok"), [(0.004, True), (0.006, False), (-0.1, True)])
def test_half_a_point_is_the_limit(lost, ok):
    assert Attempt("whole", report(), Loss("mAP50", 0.8, 0.8 - lost), 9).ok == ok
    assert not Attempt("whole", report(ok=False), Loss("mAP50", 0.8, 0.8), 9).ok


def test_test_images_and_unlabeled_ones_judge_nothing():
    images = [*held_out(), *held_out("test"), *held_out("train")]
    seen = said_by(onnx_for("classification"))
    assert {i.split for i in validation_images(images, seen)} == {"val"}
    blank = [LabeledImage(i.image, None, "val") for i in held_out()]
    assert validation_images(blank, seen) == []
    assert validation_images(images, {}) == []


def test_a_loss_is_told_with_both_figures():
    told = Loss("IoU", 0.7, 0.69).to_json()
    assert told == {"metric": "IoU", "fp32": 0.7, "int8": 0.69, "loss": 0.01}
