"""Synthetic images are only learned from, and nothing held out leaks through them."""

import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.core.provenance import (
    MADE_FROM,
    USE,
    check_only_learned,
    is_in_use,
    learnable,
    sources_of,
)
from pitmark.core.records import ImageRecord


def image(name, *, group=None, made_from=None, use=None):
    metadata = {} if made_from is None else {MADE_FROM: " ".join(made_from)}
    metadata |= {} if use is None else {USE: use}
    synthetic = made_from is not None
    return ImageRecord(name, 8, 8, "L", name, metadata, group, synthetic=synthetic)


REAL = [image("a", group="p1"), image("b", group="p2"), image("c", group="p2")]


def test_sources_are_told_of_synthetic_images_alone():
    assert sources_of(image("s", made_from=("a", "b"))) == ("a", "b")
    assert sources_of(image("a")) == ()


def test_images_on_trial_or_dropped_are_not_in_use():
    uses = [None, "kept", "trial", "dropped"]
    assert [is_in_use(image("s", made_from=("a",), use=u)) for u in uses] == [
        True,
        True,
        False,
        False,
    ]
    assert is_in_use(image("a", use="dropped"))


def test_only_images_made_of_training_images_are_learned_from():
    splits = {"a": "train", "b": "train", "c": "test"}
    fine, leaking = image("s1", made_from=("a",)), image("s2", made_from=("a", "c"))
    # b is a training image, but c shows the same part and is held out.
    sibling, unknown = image("s3", made_from=("b",)), image("s4", made_from=("gone",))
    assert learnable([fine, leaking, sibling, unknown], REAL, splits) == [fine]


def test_a_snapshot_of_real_and_learnable_images_is_accepted():
    splits = {"a": "train", "b": "val", "c": "val", "s": "train"}
    check_only_learned([*REAL, image("s", made_from=("a",))], splits)


@pytest.mark.parametrize("split", ["val", "test"])
def test_a_synthetic_image_is_never_held_out(split):
    splits = {"a": "train", "b": "train", "c": "train", "s": split}
    with pytest.raises(InvalidInputError, match=f"cannot be in the split '{split}'"):
        check_only_learned([*REAL, image("s", made_from=("a",))], splits)


def test_a_snapshot_with_a_leak_through_pasting_is_refused():
    splits = {"a": "train", "b": "test", "c": "test", "s": "train"}
    with pytest.raises(InvalidInputError, match="not a training image"):
        check_only_learned([*REAL, image("s", made_from=("a", "b"))], splits)
