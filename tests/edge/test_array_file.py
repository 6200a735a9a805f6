import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pitmark.core.errors import BundleError
from pitmark.edge import array_file
from pitmark.edge.array_file import check_arrays, read_arrays
from tests.edge.networks import refusal_or

PLAIN = hnp.arrays(
    st.sampled_from([np.uint8, np.uint16, np.float16, np.float32, np.int64]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5),
)


def packed(**arrays):
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


@settings(max_examples=50, deadline=None)
@given(PLAIN, PLAIN)
def test_what_numpy_wrote_is_read_the_same(first, second):
    data = packed(first=first, second=np.asfortranarray(second))
    found = read_arrays(data, name="golden.npz")
    np.testing.assert_array_equal(found["first"], first)
    np.testing.assert_array_equal(found["second"], second)
    assert found["first"].dtype == first.dtype


def test_an_array_of_objects_is_never_unpickled():
    data = packed(bad=np.array([{"a": 1}], dtype=object))
    with pytest.raises(BundleError, match=r"golden\.npz: array bad\.npy would have to be unp"):
        check_arrays(data, name="golden.npz")


def test_a_header_that_claims_more_than_there_is_costs_no_memory():
    out = io.BytesIO()
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f4", "fortran_order": False, "shape": (1 << 40,)}
    )
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("huge.npy", header.getvalue() + b"1234")
    with pytest.raises(BundleError, match=r"huge\.npy is not as large as it claims"):
        read_arrays(out.getvalue(), name="golden.npz")


def test_a_file_that_unpacks_beyond_the_cap_is_refused(monkeypatch):
    monkeypatch.setattr(array_file, "MAX_UNPACKED_BYTES", 1000)
    data = packed(zeros=np.zeros(5000, np.uint8))
    assert len(data) < 1000
    with pytest.raises(BundleError, match="would unpack to 1 arrays of 5,128 bytes"):
        check_arrays(data, name="golden.npz")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_file_is_refused_or_read_the_same(data):
    whole = packed(a=np.arange(40, dtype=np.float32), b=np.ones((2, 3), np.uint8))
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.integers(0, len(whole)))
    found = refusal_or(lambda: read_arrays(bytes(damaged[:cut]), name="golden.npz"))
    if isinstance(found, BundleError):
        assert "golden.npz" in found.message
    else:
        values = [v.tolist() for v in found.values()]
        assert values == [np.arange(40).tolist(), np.ones((2, 3)).tolist()]
