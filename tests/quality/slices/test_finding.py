import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.quality.slices.finding import weak_slices


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


def test_a_class_that_always_fails_does_not_hide_a_weak_slice_of_another():
    rng, metadata = line(5, cases=400)
    weak = [m["camera"] == "cam2" and m["class"] == "pit mark" for m in metadata]
    hopeless = [m["class"] == "scratch" for m in metadata]
    failed = rng.random(len(metadata)) < np.select([hopeless, weak], [0.95, 0.85], 0.45)
    found = {frozenset(s.rule): s for s in weak_slices(failed, metadata)}
    planted = found[frozenset({("camera", "cam2"), ("class", "pit mark")})]
    assert planted.rate_outside == pytest.approx(0.45, abs=0.12)
    assert frozenset({("class", "scratch")}) in found
    assert not any(("class", "scratch") in rule and len(rule) == 2 for rule in found)


def test_cases_are_compared_with_their_own_class_elsewhere():
    # cam2 sees nothing but the hard class: that alone makes it no weak camera.
    rng = np.random.default_rng(3)
    metadata = [
        {
            "camera": "cam2" if n % 4 == 0 else "cam1",
            "class": "scratch" if n % 2 == 0 else "dent",
        }
        for n in range(400)
    ]
    failed = rng.random(400) < [0.9 if m["class"] == "scratch" else 0.1 for m in metadata]
    found = weak_slices(failed, metadata)
    assert dict(found[0].rule) == {"class": "scratch"}
    assert not any(("camera", "cam2") in s.rule for s in found)


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
