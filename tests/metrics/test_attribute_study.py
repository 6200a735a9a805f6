import json

import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.attribute_study import measure
from pitmark.metrics.cluster_draws import ClusterDraws
from pitmark.metrics.intervals import Resampling
from pitmark.metrics.ratings import Ratings

OK, NG = 0, 1


def study(codes, labelers, *, classes=("OK", "NG"), reference=None, good=("OK",), **how):
    table = np.asarray(codes)
    draws = ClusterDraws(len(table), Resampling(draws=100))
    ratings = Ratings.of(table, classes, labelers, **how)
    true = None if reference is None else np.asarray(reference)
    return measure("verdicts", ratings, draws, reference=true, good=good)


def test_misses_and_false_alarms_are_counted_over_decisions():
    found = study(
        [[NG, OK], [NG, NG], [OK, OK], [OK, NG]],
        ["anna", "anna"],
        reference=[NG, NG, OK, OK],
    )
    judged = found.per_labeler[0].against_reference
    assert (judged.effectiveness.count, judged.effectiveness.total) == (6, 8)
    assert (judged.miss_rate.count, judged.miss_rate.total) == (1, 4)
    assert (judged.false_alarm_rate.count, judged.false_alarm_rate.total) == (1, 4)
    assert (judged.always_right.count, judged.always_right.total) == (2, 4)


def test_a_wrong_defect_class_is_wrong_but_no_miss():
    found = study(
        [[1, 1], [2, 1]],
        ["anna", "ben"],
        classes=("good", "dent", "scratch"),
        good=("good",),
        reference=[1, 1],
    )
    anna = found.per_labeler[0].against_reference
    assert (anna.effectiveness.count, anna.miss_rate.count) == (1, 0)
    assert anna.false_alarm_rate is None


def test_without_good_classes_misses_cannot_be_said():
    found = study([[0, 1], [1, 1]], ["anna", "ben"], good=(), reference=[0, 1])
    judged = found.per_labeler[1].against_reference
    assert judged.miss_rate is None
    assert judged.false_alarm_rate is None
    assert judged.effectiveness.count == 1


def test_one_labeler_who_repeats_is_judged_alone():
    found = study([[0, 0], [1, 1], [0, 1], [1, 1]], ["anna", "anna"])
    anna = found.per_labeler[0]
    assert (anna.repeated.count, anna.repeated.total) == (3, 4)
    assert 0 < anna.repeat_kappa.value < 1
    assert found.alpha.value is None
    assert found.pairs == ()
    assert anna.against_reference is None


def test_without_repeats_nothing_is_said_of_people_with_themselves():
    found = study([[0, 0], [1, 1], [0, 1]], ["anna", "ben"])
    assert found.per_labeler[0].repeated is None
    assert found.per_labeler[0].repeat_kappa is None


def test_labelers_without_a_common_image_are_not_compared():
    found = study([[0, -1], [1, -1], [-1, 1], [-1, 0]], ["anna", "ben"])
    assert found.alpha.value is None
    assert (found.pairs[0].things, found.pairs[0].kappa.value) == (0, None)
    assert found.all_same.value is None


def test_unequal_sets_use_what_there_is():
    found = study([[0, 0, -1], [1, 1, 1], [1, 0, 0], [0, -1, 0]], ["anna", "ben", "cy"])
    assert [p.things for p in found.pairs] == [3, 3, 2]
    assert [p.same.count for p in found.pairs] == [2, 2, 2]
    assert found.alpha.value is not None


def test_a_class_that_only_one_uses_has_no_agreement():
    found = study(
        [[0, 0], [1, 1], [2, 0]], ["anna", "ben"], classes=("good", "dent", "blister")
    )
    by = {c.name: c for c in found.per_class}
    assert by["blister"].positive_agreement.value == 0
    assert by["dent"].positive_agreement.value == 1
    assert by["blister"].called == 1


def test_objects_are_judged_with_what_was_not_seen():
    seen, gone = 0, 1
    found = study(
        [[seen, seen], [seen, gone], [gone, seen], [gone, gone]],
        ["anna", "ben"],
        classes=("dent", "not seen"),
        unseen=1,
        reference=[seen, seen, gone, seen],
    )
    anna = found.per_labeler[0].against_reference
    assert (anna.miss_rate.count, anna.miss_rate.total) == (1, 3)
    assert (anna.false_alarm_rate.count, anna.false_alarm_rate.total) == (0, 2)
    ben = found.per_labeler[1].against_reference
    assert (ben.effectiveness.count, ben.effectiveness.total) == (1, 4)
    assert (ben.false_alarm_rate.count, ben.false_alarm_rate.total) == (1, 2)
    # The object that neither saw exists only in the reference.
    assert found.things == 3
    assert found.alpha.value == pytest.approx(0.5)
    assert found.unit_alpha.value < 0
    assert found.classes == ("dent",)


def test_everything_can_be_written_as_json_without_nan():
    for codes in ([[0, 0], [0, 0]], [[-1, 0], [0, -1]], [[0, 1], [1, 0]]):
        found = study(codes, ["anna", "ben"], reference=[0, -1])
        json.dumps(found.to_json(), allow_nan=False)


def test_careful_and_careless_people_are_told_apart():
    rng = np.random.default_rng(4)
    true = rng.integers(0, 2, 150)

    def labeler(wrong):
        return np.where(rng.random(150) < wrong, 1 - true, true)

    codes = np.stack([labeler(0.02), labeler(0.02), labeler(0.2), labeler(0.2)], axis=1)
    found = study(codes, ["anna", "anna", "ben", "ben"], reference=true)
    anna, ben = found.per_labeler
    assert anna.repeat_kappa.low > ben.repeat_kappa.high
    assert anna.against_reference.kappa.low > ben.against_reference.kappa.high
    assert anna.against_reference.effectiveness.low > ben.against_reference.effectiveness.high


def test_a_reference_of_another_length_is_refused():
    with pytest.raises(InvalidInputError, match="2 things were judged, 3 have a reference"):
        study([[0, 1], [1, 1]], ["anna", "ben"], reference=[0, 1, 1])
