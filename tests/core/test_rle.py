import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

from pitmark.core.errors import InvalidInputError
from pitmark.core.rle import counts_to_text, decode_mask, encode_mask, text_to_counts

masks = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=24))


@given(masks)
def test_a_mask_survives_encoding_and_decoding(mask):
    counts = encode_mask(mask)
    assert sum(counts) == mask.size
    assert (decode_mask(counts, (mask.shape[1], mask.shape[0])) == mask).all()


@given(masks)
def test_counts_survive_the_compressed_text(mask):
    counts = encode_mask(mask)
    assert text_to_counts(counts_to_text(counts)) == counts


@given(masks)
def test_the_compressed_text_is_what_coco_tools_write(mask):
    coco = pytest.importorskip("faster_coco_eval.core.mask")
    theirs = coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"]
    theirs = theirs.decode() if isinstance(theirs, bytes) else theirs
    assert counts_to_text(encode_mask(mask)) == theirs


def test_runs_go_down_the_columns_and_begin_with_unset_pixels():
    mask = np.array([[True, False], [True, False]])
    assert encode_mask(mask) == (0, 2, 2)


def test_runs_of_another_image_size_are_refused():
    with pytest.raises(InvalidInputError, match="cover 5 pixels, the image has 4"):
        decode_mask([2, 3], (2, 2))


@pytest.mark.parametrize("text", ["~", "P"])
def test_damaged_text_is_refused(text):
    with pytest.raises(InvalidInputError, match="mask text"):
        text_to_counts(text)
