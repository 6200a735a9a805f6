import pytest

from pitmark.quality.copies.duplicates import DuplicatePair
from pitmark.quality.copies.leaks import find_leaks


def _pair(first, second, similarity=0.9):
    return DuplicatePair(first, second, "near", similarity, "the pictures agree")


def test_a_duplicate_across_the_split_is_a_leak_with_the_held_out_image_first():
    splits = {"a": "test", "b": "train", "c": "train"}
    (leak,) = find_leaks([_pair("a", "b"), _pair("b", "c")], splits)
    assert (leak.test_key, leak.train_key, leak.similarity) == ("a", "b", 0.9)
    assert leak.why == "in test and in train: the pictures agree"


@pytest.mark.parametrize(
    ("first", "second", "held_out"),
    [("val", "train", "a"), ("train", "val", "b"), ("val", "test", "b"), ("test", "val", "a")],
)
def test_the_image_further_from_training_is_the_held_out_one(first, second, held_out):
    (leak,) = find_leaks([_pair("a", "b")], {"a": first, "b": second})
    assert leak.test_key == held_out


def test_images_without_a_split_are_not_judged():
    assert find_leaks([_pair("a", "b")], {"a": "test"}) == []


def test_a_torn_group_leaks_once_per_held_out_image():
    splits = {"a": "train", "b": "train", "c": "test", "d": "val", "e": "test"}
    groups = {"a": "tile 1", "b": "tile 1", "c": "tile 1", "d": "tile 1", "e": "tile 2"}
    leaks = find_leaks([], splits, groups)
    assert [(leak.test_key, leak.train_key) for leak in leaks] == [("c", "a"), ("d", "a")]
    assert leaks[0].why == "in test and in train: both belong to group 'tile 1'"


def test_a_leak_that_a_pair_tells_of_is_not_told_again_by_its_group():
    splits = {"a": "train", "c": "test"}
    leaks = find_leaks([_pair("a", "c")], splits, {"a": "tile 1", "c": "tile 1"})
    assert [leak.why for leak in leaks] == ["in test and in train: the pictures agree"]


def test_duplicates_of_two_groups_suggest_that_the_groups_are_one():
    splits = {"a": "train", "c": "test"}
    (leak,) = find_leaks([_pair("a", "c")], splits, {"a": "tile 1", "c": "tile 2"})
    assert leak.why.endswith("; their groups 'tile 1' and 'tile 2' may be one")


def test_the_closest_leaks_come_first():
    splits = {"a": "train", "b": "test", "c": "test"}
    leaks = find_leaks([_pair("a", "b", 0.7), _pair("a", "c", 0.99)], splits)
    assert [leak.test_key for leak in leaks] == ["c", "b"]
