"""Images that are compared with a reference: records, snapshots, specs and manifests."""

from dataclasses import replace

import numpy as np
import pytest

from pitmark.core.bundle import MODEL_FP32, Manifest
from pitmark.core.errors import BundleError, InvalidInputError
from pitmark.core.inspector import InspectorSpec, cut_pair, load_pair
from pitmark.core.label_book import LabelBook
from pitmark.core.preprocess import PreprocessSpec, check_reference
from pitmark.core.records import (
    ImageRecord,
    LabeledImage,
    Snapshot,
    SnapshotItem,
    references_of,
)

A, B, C = "a" * 64, "b" * 64, "c" * 64
PLAIN = InspectorSpec("detection", ("dent",), PreprocessSpec((64, 64), "tile", overlap_px=8))
COMPARING = replace(PLAIN, reference=True)
MANIFEST = Manifest(
    "casings", 1, A, "r0001", "2026-01-01T00:00:00+00:00", PLAIN, LabelBook(),
    {MODEL_FP32: B}, {"fp32": 1e-3}, {},
)  # fmt: skip


def test_snapshots_without_references_keep_the_ids_they_always_had():
    items = [SnapshotItem(A, B, "train"), SnapshotItem(C, "", "test")]
    known = "a9bb4f7537fd1b69b09761f486466ef3229025fd635e1bbc627d3abfb63342fc"
    assert Snapshot.of(items, ["dent"]).id == known


def test_another_reference_is_another_snapshot_and_told_in_the_difference():
    one, other, none = (
        Snapshot.of([SnapshotItem(A, B, "train", r)], ["dent"]) for r in (B, C, "")
    )
    assert len({one.id, other.id, none.id}) == 3
    assert one.diff(other).compared == (A,)
    assert none.diff(one).compared == (A,)
    assert one.diff(one).compared == one.diff(other).relabeled == ()


def test_references_are_told_for_those_that_have_one():
    records = [ImageRecord(A, 4, 3, "L", "a", reference=B), ImageRecord(C, 4, 3, "L", "c")]
    assert references_of(LabeledImage(r, None, "train") for r in records) == {A: B}


def test_a_spec_says_that_it_compares_and_is_silent_otherwise():
    assert InspectorSpec.from_json(COMPARING.to_json()) == COMPARING
    assert "reference" not in PLAIN.to_json()
    with pytest.raises(InvalidInputError, match="reference is true or false, found 'yes'"):
        InspectorSpec.from_json({**PLAIN.to_json(), "reference": "yes"})


def test_a_manifest_has_the_oldest_format_that_can_say_it():
    comparing = replace(MANIFEST, inspector=COMPARING)
    assert MANIFEST.to_json()["format_version"] == 1
    assert comparing.to_json()["format_version"] == 2
    assert Manifest.from_json(comparing.to_json()) == comparing
    taking = replace(MANIFEST, takes_bytes=True)
    assert taking.to_json()["format_version"] == 3
    assert Manifest.from_json(taking.to_json()) == taking
    assert "takes_bytes" not in MANIFEST.to_json()
    with pytest.raises(BundleError, match=r"manifest is damaged: .*expected true or false"):
        Manifest.from_json({**taking.to_json(), "takes_bytes": "no"})
    with pytest.raises(BundleError, match="format version 4, this Pitmark reads up to 3"):
        Manifest.from_json({**comparing.to_json(), "format_version": 4})


def test_image_and_reference_are_cut_alike():
    image = np.zeros((90, 130), np.uint8)
    one, other = cut_pair(image, np.full((90, 130, 3), 255, np.uint8), COMPARING)
    assert one.placements == other.placements
    assert (one.data.min(), other.data.max()) == (-2.0, 2.0)
    assert cut_pair(image, None, PLAIN)[1] is None
    assert cut_pair(image, image, PLAIN)[1] is None


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        (None, "compares with a reference image, and none was given"),
        (np.zeros((90, 131), np.uint8), "131x90 pixels of uint8, its image 130x90 pixels"),
        (np.zeros((90, 130), np.uint16), "pixels of uint16, its image 130x90 pixels of uint8"),
        (np.zeros((90, 130, 4), np.uint8), "an image must be"),
    ],
)
def test_a_reference_that_is_missing_or_does_not_fit_is_an_error(reference, why):
    with pytest.raises(InvalidInputError, match=why):
        cut_pair(np.zeros((90, 130), np.uint8), reference, COMPARING)


def test_a_gray_image_may_have_a_reference_in_color():
    check_reference(np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3), np.uint8))


def test_pairs_are_loaded_for_models_that_compare():
    pixels = {A: np.zeros((4, 4), np.uint8), B: np.ones((4, 4), np.uint8)}
    record = ImageRecord(A, 4, 4, "L", "a.png", reference=B)
    assert load_pair(record, pixels.__getitem__, COMPARING)[1] is pixels[B]
    assert load_pair(record, pixels.__getitem__, PLAIN) == (pixels[A], None)
    bare = replace(record, reference=None)
    with pytest.raises(InvalidInputError, match=r"a\.png has no reference image") as caught:
        load_pair(bare, pixels.__getitem__, COMPARING)
    assert "--reference" in caught.value.hint
