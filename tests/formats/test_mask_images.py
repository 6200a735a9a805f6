import numpy as np
import pytest
from PIL import Image

from pitmark.core.errors import UnreadableImageError
from pitmark.formats.images import COLOR_OFFSET, decode_mask_image
from pitmark.formats.palette import mask_png
from tests.formats.image_files import png, saved

VALUES = np.array([[0, 1, 2], [3, 2, 1]], np.uint8)


def test_a_palette_gives_indices_and_not_colors():
    assert np.array_equal(decode_mask_image(mask_png(VALUES), "m"), VALUES)
    gif = Image.fromarray(VALUES)
    gif.putpalette([4, 2, 4, 9, 9, 9, 8, 8, 8, 7, 7, 7])
    assert np.array_equal(decode_mask_image(saved(gif, "GIF"), "m"), VALUES)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_gray_gives_values(kind):
    assert np.array_equal(decode_mask_image(saved(VALUES, kind), "m"), VALUES)


def test_one_bit_gives_zero_and_one():
    mask = decode_mask_image(saved(Image.fromarray(VALUES > 1), "PNG"), "m")
    assert mask.tolist() == [[0, 0, 1], [1, 1, 0]]


@pytest.mark.parametrize(("bits", "row"), [(4, b"\x01\x23"), (2, b"\x1b")])
def test_small_numbers_of_few_bits_are_not_spread_over_the_range(bits, row):
    data = png([row], size_wh=(4, 1), bits=bits, color_type=0)
    assert decode_mask_image(data, "m").tolist() == [[0, 1, 2, 3]]


def test_sixteen_bit_masks_keep_their_numbers():
    values = np.array([[0, 1000, 40_000]], np.uint16)
    assert decode_mask_image(saved(values, "PNG"), "m").tolist() == values.tolist()


def test_colors_without_a_palette_get_one_number_each():
    color = np.zeros((2, 2, 3), np.uint8)
    color[0, 1], color[1, 0] = (35, 164, 54), (7, 7, 7)
    found = decode_mask_image(saved(color, "PNG"), "m")
    assert found.tolist() == [[0, COLOR_OFFSET | 0x23A436], [7, 0]]


def test_transparent_pixels_of_a_colored_mask_are_background():
    color = np.zeros((1, 2, 4), np.uint8)
    color[0] = (35, 164, 54, 0), (35, 164, 54, 255)
    assert decode_mask_image(saved(color, "PNG"), "m")[0, 0] == 0


def test_a_photograph_is_no_mask():
    photo = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    with pytest.raises(UnreadableImageError, match="many colors"):
        decode_mask_image(saved(photo, "PNG"), "m")


def test_many_palette_entries_of_one_color_count_as_one():
    indices = np.arange(64, dtype=np.uint8).reshape(8, 8)
    image = Image.fromarray(indices)
    image.putpalette([0, 0, 0] + [9, 200, 9] * 255)
    assert np.array_equal(decode_mask_image(saved(image, "PNG"), "m"), indices > 0)
