import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.store.plain_json import dump_json, plain

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
trees = st.recursive(
    leaves, lambda t: st.lists(t) | st.tuples(t, t) | st.dictionaries(st.text(), t)
)


@given(trees)
def test_whatever_is_plain_can_be_written_and_read_again(value):
    made = plain(value)
    assert json.loads(dump_json(made)) == made


def test_numpy_becomes_numbers_and_lists():
    value = {"a": np.float32(0.5), "b": np.arange(3), "c": np.bool_(True), "d": np.int64(7)}
    assert plain(value) == {"a": 0.5, "b": [0, 1, 2], "c": True, "d": 7}


def test_what_is_no_number_becomes_none():
    assert plain([float("nan"), np.float64("inf"), np.array([np.nan])]) == [None, None, [None]]


def test_what_is_no_json_is_refused():
    with pytest.raises(InvalidInputError, match="set cannot be kept as JSON"):
        plain({"a": {1, 2}})
