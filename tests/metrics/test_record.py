import json
from dataclasses import dataclass

import numpy as np
import pytest

from pitmark.metrics.intervals import Interval, wilson
from pitmark.metrics.record import Record, to_plain


@dataclass(frozen=True)
class Sample(Record):
    numbers: tuple[float, ...]
    matrix: object
    inner: Interval
    names: object


def test_a_record_becomes_json_without_nan_or_numpy():
    sample = Sample(
        numbers=(1.5, float("nan"), float("inf")),
        matrix=np.array([[1, 2], [3, 4]]),
        inner=Interval(None, 0.0, 1.0),
        names={"dent": np.float32(0.5), 3: wilson(1, 1).count},
    )
    text = json.dumps(sample.to_json(), allow_nan=False)
    assert json.loads(text) == {
        "numbers": [1.5, None, None],
        "matrix": [[1, 2], [3, 4]],
        "inner": {"value": None, "low": 0.0, "high": 1.0},
        "names": {"dent": 0.5, "3": 1},
    }


def test_nan_inside_an_array_becomes_null():
    assert to_plain(np.array([0.5, np.nan])) == [0.5, None]


def test_what_has_no_json_form_is_refused():
    with pytest.raises(TypeError, match="set has no JSON form"):
        to_plain({1, 2})
