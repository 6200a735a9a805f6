import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.quality.facets.columns import Grown
from pitmark.quality.facets.sha_column import ShaColumn

SHAS = [hashlib.sha256(bytes([n])).hexdigest() for n in range(200)]


def column():
    made = ShaColumn(Grown(np.dtype("V32")))
    made.extend(SHAS[:150])
    made.extend(SHAS[150:])
    return made


@given(
    st.lists(st.tuples(st.integers(0, 199), st.integers(6, 64)), min_size=1, max_size=8),
    st.booleans(),
)
def test_rows_are_found_by_their_sha256_or_its_beginning(asked, capital):
    words = [SHAS[n][:digits] for n, digits in asked]
    found = column().equal([w.upper() if capital else w for w in words])
    assert found.tolist() == [s.startswith(tuple(words)) for s in SHAS]


def test_what_begins_alike_and_goes_on_otherwise_is_not_found():
    other = SHAS[3][:20] + ("0" if SHAS[3][20] != "0" else "1")
    assert not column().equal([other]).any()
    assert not ShaColumn(Grown(np.dtype("V32"))).equal([SHAS[0]]).any()


@pytest.mark.parametrize("word", ["", "abcde", "xyzxyz", "a" * 65, "abcdef.."])
def test_what_is_no_sha256_is_refused(word):
    with pytest.raises(InvalidInputError, match="6 to 64 hexadecimal digits"):
        column().equal([word])


def test_rows_tell_their_sha256_and_sort_by_it():
    made = column()
    assert made.words_of(np.array([7, 3])) == [SHAS[7], SHAS[3]]
    order = np.argsort(made.sort_keys(None), kind="stable")
    assert [SHAS[n] for n in order] == sorted(SHAS)
