import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.quality.slices import weak_slices


def line(seed, cases=600):
    rng = np.random.default_rng(seed)
    metadata = [
        {
            "camera": f"cam{rng.integers(1, 4)}",
            "lot": f"L{rng.integers(1, 7)}",
            "class": str(rng.choice(["dent", "scratch", "pit mark"])),
            "serial": f"s{n}",
        }
        for n in range(cases)
    ]
    return rng, metadata


def test_a_planted_weak_conjunction_is_named_first():
    rng, metadata = line(0)
    weak = [m["camera"] == "cam2" and m["class"] == "pit mark" for m in metadata]
    failed = rng.random(len(metadata)) < np.where(weak, 0.7, 0.15)
    found = weak_slices(failed, metadata)
    assert dict(found[0].rule) == {"camera": "cam2", "class": "pit mark"}
    assert found[0].rate > 0.5 > found[0].rate_outside
    assert "camera cam2 and class pit mark" in found[0].sentence()


def test_a_weakness_of_one_condition_is_told_as_one_condition():
    rng, metadata = line(1)
    failed = rng.random(len(metadata)) < [0.6 if m["lot"] == "L3" else 0.1 for m in metadata]
    assert dict(weak_slices(failed, metadata)[0].rule) == {"lot": "L3"}


def test_without_a_weakness_hardly_anything_is_told():
    told = 0
    for seed in range(20):
        rng, metadata = line(seed, cases=300)
        told += bool(weak_slices(rng.random(300) < 0.2, metadata))
    assert told <= 3


def test_small_slices_and_serial_numbers_are_left_out():
    metadata = [{"serial": str(n), "camera": "a" if n < 5 else "b"} for n in range(60)]
    failed = np.arange(60) < 5
    assert weak_slices(failed, metadata) == []


def test_no_case_at_all_has_no_slice():
    assert weak_slices(np.zeros(0, bool), []) == []


def test_cases_and_metadata_must_match():
    with pytest.raises(InvalidInputError, match="2 cases but metadata of 1"):
        weak_slices(np.zeros(2, bool), [{}])
