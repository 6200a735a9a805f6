"""Verdicts from figures: what is fatal, what asks for a change, what is fine."""

from dataclasses import replace

import numpy as np
import pytest

from pitmark.quality.feasibility.first_look import OTHER_PLACES, FirstLook, Told, look_json
from pitmark.quality.feasibility.imaging import ImageFigures
from pitmark.quality.feasibility.verdict import remarks_on, verdict_of

GOOD = ImageFigures(0.05, 0.45, 0.85, 0.0, 0.01, 0.05, 1.5)


def look(**changes):
    base = FirstLook(
        [GOOD] * 10,
        np.full((10, 2), (640.0, 480.0)),
        np.full((12, 2), (40.0, 30.0)),
        np.full(12, 8.0),
        alike=0.8,
        told=[Told("dent", "scratch", 0.95, 0.8, 0.99, 30)],
        counts={"dent": 20, "scratch": 10},
    )
    return replace(base, **changes)


def imaged(**changes):
    return [replace(GOOD, **changes)] * 10


def test_good_images_are_a_go_with_reasons():
    remarks = remarks_on(look())
    assert verdict_of(remarks) == "go"
    assert {r.topic for r in remarks} >= {"light", "focus", "size", "contrast", "variation"}


@pytest.mark.parametrize(
    ("changes", "verdict", "topic", "words"),
    [
        ({"figures": imaged(bright=0.02, dark=0.0)}, "not like this", "light", "black"),
        ({"figures": imaged(bright=0.52, dark=0.5)}, "not like this", "light", "empty"),
        ({"figures": imaged(bright=0.2)}, "go if", "light", "4.0 times"),
        ({"figures": imaged(clipped_high=0.4)}, "go if", "light", "40 % of the pixels"),
        ({"figures": imaged(edge_px=8.0)}, "go if", "focus", "spread over 8.0 px"),
        (
            {"figures": imaged(edge_px=8.0), "defects_wh": np.full((5, 2), 6.0)},
            "not like this", "focus", "more than the usual defect is wide",
        ),
        (
            {"defects_wh": np.full((5, 2), 3.0), "sizes_wh": np.full((10, 2), 4000.0)},
            "not like this", "size", "Magnify about 3.3 times",
        ),
        ({"defects_wh": np.full((5, 2), 5.0)}, "go if", "size", "hardly seen"),
        ({"contrasts": np.full(9, 0.5)}, "go if", "contrast", "light from the side"),
        (
            {"told": [Told("dent", "scratch", 0.5, 0.4, 0.6, 60)]},
            "go if", "look-alikes", "dent and scratch look alike",
        ),
        ({"contradictions": ["a is dent, b is good"]}, "go if", "labels", "a is dent"),
        ({"counts": {}}, "go if", "labels", "Nothing is labeled"),
    ],
)  # fmt: skip
def test_each_fault_has_its_verdict_and_its_advice(changes, verdict, topic, words):
    remarks = remarks_on(look(**changes))
    assert verdict_of(remarks) == verdict
    first = remarks[0]
    assert first.topic == topic
    assert words in first.sentence()
    assert first.advice


def test_faint_defects_are_no_fault_where_shape_or_a_reference_shows_them():
    faint = np.full(9, 0.5)
    seen = [Told("defects", OTHER_PLACES, 0.95, 0.85, 0.99, 40)]
    assert verdict_of(remarks_on(look(contrasts=faint, told=seen))) == "go"
    assert verdict_of(remarks_on(look(contrasts=faint, compared=True))) == "go"


def test_binary_images_are_said_and_not_called_overexposed():
    remarks = remarks_on(look(figures=imaged(clipped_high=0.6, two_levels=1.0, bright=1.0)))
    assert verdict_of(remarks) == "go"
    assert any("black and white only" in r.text for r in remarks)


def test_pairs_that_may_look_alike_are_told_in_one_note():
    pairs = [Told("dent", n, 0.6, 0.4, 0.8, 20) for n in ("scratch", "pore")]
    remarks = remarks_on(look(told=pairs))
    assert verdict_of(remarks) == "go"
    (note,) = [r for r in remarks if r.topic == "look-alikes"]
    assert "dent and scratch (60 %), dent and pore (60 %)" in note.text


def test_sizes_are_told_in_mm_where_the_scale_is_known():
    remarks = remarks_on(look(mm_per_px=0.1))
    assert any("that is 3 mm" in r.text for r in remarks)


def test_one_image_without_anything_marked_still_gets_a_verdict():
    bare = FirstLook([replace(GOOD, edge_px=float("nan"))], np.array([[64.0, 64.0]]),
                     np.zeros((0, 2)), np.zeros(0))  # fmt: skip
    assert verdict_of(remarks_on(bare)) == "go if"
    figures = look_json(bare)
    assert figures["edge_px"] is None
    assert figures["likeness"] is None
