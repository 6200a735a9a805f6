import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.quality.drift.reference import DriftReference
from tests.quality.drift_streams import observations


def _reference(images=120, width=16):
    return DriftReference.fit(*observations(np.random.default_rng(0), images, width=width))


STORED = _reference().to_bytes()


def test_a_reference_survives_being_written_and_read():
    reference = _reference()
    again = DriftReference.from_bytes(reference.to_bytes())
    assert again.digest() == reference.digest()
    assert again.names == reference.names
    assert (again.images, again.block, again.caveat) == (120, 10, reference.caveat)
    row = [part[0] for part in observations(np.random.default_rng(1), 1)]
    assert again.values(*row) == pytest.approx(reference.values(*row), rel=1e-5)
    assert again.to_bytes() == DriftReference.from_bytes(again.to_bytes()).to_bytes()


def test_a_reference_of_a_wide_embedding_stays_under_one_megabyte():
    assert len(_reference(images=300, width=1536).to_bytes()) < 1_000_000


def test_no_embedding_at_all_is_allowed():
    reference = _reference(width=0)
    assert reference.names[-1] == "score"
    assert DriftReference.from_bytes(reference.to_bytes()).digest() == reference.digest()


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(STORED) - 1), st.integers(1, 255))
def test_a_flipped_byte_is_refused_or_changes_nothing(place, flip):
    data = bytearray(STORED)
    data[place] ^= flip
    try:
        found = DriftReference.from_bytes(bytes(data))
    except InvalidInputError:
        return
    assert found.digest() == DriftReference.from_bytes(STORED).digest()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, len(STORED) - 1))
def test_a_cut_file_is_refused(length):
    with pytest.raises(InvalidInputError, match="drift reference is damaged"):
        DriftReference.from_bytes(STORED[:length])


def test_a_newer_format_is_refused_by_number(monkeypatch):
    monkeypatch.setattr("pitmark.quality.drift.reference.FORMAT_VERSION", 99)
    newer = _reference().to_bytes()
    monkeypatch.undo()
    with pytest.raises(InvalidInputError, match="format version 99"):
        DriftReference.from_bytes(newer)


def test_arrays_of_different_lengths_are_refused():
    stats, embeddings, scores = observations(np.random.default_rng(2), 20)
    with pytest.raises(InvalidInputError, match="do not describe the same images"):
        DriftReference.fit(stats, embeddings[:19], scores)


def test_values_that_are_no_numbers_are_refused_by_name():
    stats, embeddings, scores = observations(np.random.default_rng(3), 20)
    embeddings[3, 3] = np.nan
    with pytest.raises(InvalidInputError, match="embeddings of the reference"):
        DriftReference.fit(stats, embeddings, scores)
