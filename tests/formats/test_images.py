import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from pitmark.core.errors import InvalidInputError, UnreadableImageError
from pitmark.formats.containers import read_size
from pitmark.formats.images import decode_image, encode_png, thumbnail, turn
from tests.formats.image_files import gradient, png, png16, saved, tiff

RGB16 = gradient(channels=3, dtype=np.uint16)
GRAY16 = gradient(channels=1, dtype=np.uint16)
RGB = gradient()
GRAY = gradient(channels=1)


def decoded(data, **options):
    return decode_image(data, name="part.png", **options)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_eight_bit_pixels_come_back_exactly(kind):
    assert np.array_equal(decoded(saved(RGB, kind)).pixels, RGB)
    assert np.array_equal(decoded(saved(GRAY, kind)).pixels, GRAY)


@pytest.mark.parametrize(
    "data",
    [
        saved(RGB, "WEBP", lossless=True),
        saved(RGB, "JPEG2000", irreversible=False),
        saved(RGB, "TIFF", compression="tiff_lzw"),
    ],
    ids=["webp", "jpeg2000", "lzw"],
)
def test_lossless_color_files_come_back_exactly(data):
    found = decoded(data)
    assert (found.mode, found.width, found.height) == ("RGB", 32, 24)
    assert np.array_equal(found.pixels, RGB)


@pytest.mark.parametrize(
    "data",
    [
        png16(GRAY16),
        saved(GRAY16, "TIFF"),
        tiff(GRAY16, byteorder=">"),
        tiff(GRAY16, compression="zlib", predictor=True),
        tiff(65535 - GRAY16, photometric="miniswhite"),
        saved(GRAY16, "JPEG2000", irreversible=False),
        b"P5\n32 24\n65535\n" + GRAY16.astype(">u2").tobytes(),
    ],
    ids=["png", "tiff", "big-endian", "zlib", "white-is-zero", "jpeg2000", "pgm"],
)
def test_sixteen_bit_gray_is_neither_clipped_nor_cut(data):
    found = decoded(data)
    assert found.mode == "L16"
    assert found.pixels.dtype == np.uint16
    assert np.array_equal(found.pixels, GRAY16)


@pytest.mark.parametrize(
    "data",
    [
        png16(RGB16),
        png16(np.dstack([RGB16, GRAY16])),
        tiff(RGB16, photometric="rgb"),
        tiff(RGB16, photometric="rgb", byteorder=">"),
        tiff(RGB16, photometric="rgb", compression="zlib", predictor=True),
        tiff(RGB16, photometric="rgb", compression="zlib", byteorder=">"),
        tiff(RGB16, photometric="rgb", compression="zlib", tile=(16, 16)),
        tiff(np.moveaxis(RGB16, 2, 0), photometric="rgb", planarconfig="separate"),
    ],
    ids=[
        "png",
        "png+alpha",
        "tiff",
        "big-endian",
        "zlib",
        "zlib-big-endian",
        "tiles",
        "planes",
    ],
)
def test_sixteen_bit_color_is_not_cut_to_eight_bits(data):
    found = decoded(data)
    assert found.mode == "RGB16"
    assert np.array_equal(found.pixels, RGB16)


def test_sixteen_bit_gray_with_alpha_keeps_its_depth():
    found = decoded(png16(np.dstack([GRAY16, GRAY16[::-1]])))
    assert found.mode == "L16"
    assert np.array_equal(found.pixels, GRAY16)


@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.uint32, np.int32])
def test_values_that_sixteen_bits_cannot_hold_are_refused(dtype):
    with pytest.raises(UnreadableImageError, match=r"part\.png holds .* values"):
        decoded(tiff(GRAY.astype(dtype)))


def test_color_deeper_than_eight_bits_is_refused_where_it_would_be_cut():
    ppm = b"P6\n32 24\n65535\n" + RGB16.astype(">u2").tobytes()
    with pytest.raises(UnreadableImageError, match="16 bits a channel"):
        decoded(ppm)


def test_a_palette_becomes_color_and_a_gray_palette_becomes_gray():
    indices = Image.fromarray((GRAY // 64).astype(np.uint8))
    indices.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
    found = decoded(saved(indices, "PNG"))
    assert found.mode == "RGB"
    first = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (9, 9, 9)][GRAY[0, 0] // 64]
    assert tuple(found.pixels[0, 0]) == first
    indices.putpalette([0, 0, 0, 80, 80, 80, 160, 160, 160, 240, 240, 240])
    found = decoded(saved(indices, "PNG"))
    assert found.mode == "L"
    assert np.array_equal(found.pixels, GRAY // 64 * 80)


def test_cmyk_is_converted_and_said_so():
    found = decoded(saved(Image.fromarray(RGB).convert("CMYK"), "TIFF"))
    assert found.mode == "RGB"
    assert np.abs(found.pixels.astype(int) - RGB).max() <= 2
    assert any("CMYK" in note for note in found.notes)


def test_a_cmyk_jpeg_is_not_inverted():
    flat = np.full((16, 16, 3), (200, 40, 90), np.uint8)
    found = decoded(saved(Image.fromarray(flat).convert("CMYK"), "JPEG", quality=95))
    assert np.abs(found.pixels.astype(int) - flat).max() <= 6


@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_is_dropped_without_compositing(channels):
    pixels = gradient(channels=channels)
    pixels[..., -1] = 0
    found = decoded(saved(pixels, "PNG"))
    assert np.array_equal(found.pixels, pixels[..., 0] if channels == 2 else pixels[..., :3])
    assert found.notes == ("alpha was dropped",)


def test_one_bit_becomes_black_and_white():
    found = decoded(saved(Image.fromarray(GRAY > 127), "PNG"))
    assert found.mode == "L"
    assert np.array_equal(found.pixels, np.where(GRAY > 127, 255, 0))


def test_of_several_pages_the_first_is_taken_and_said_so():
    pages = [Image.fromarray(GRAY), Image.fromarray(GRAY[::-1].copy())]
    data = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    found = decoded(data)
    assert np.array_equal(found.pixels, GRAY)
    assert found.notes == ("the first of 2 pages was taken",)


def test_of_an_animation_the_first_frame_is_taken():
    frames = [Image.fromarray(GRAY), Image.fromarray(255 - GRAY)]
    found = decoded(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert np.array_equal(found.pixels, GRAY)
    assert found.notes == ("the first of 2 pages was taken",)


def test_the_suffix_of_a_name_is_not_believed():
    found = decode_image(saved(RGB, "BMP"), name="scan.jpg")
    assert np.array_equal(found.pixels, RGB)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_exif_orientation_is_always_applied(kind, orientation):
    """Each of the eight orientations, undone, gives the upright image again."""
    upright = np.zeros((32, 48), np.uint8)
    upright[:16, :24], upright[:16, 24:], upright[16:, :24] = 250, 170, 80
    stored = next(
        s for s in _all_turns(upright) if np.array_equal(turn(s, orientation), upright)
    )
    exif = Image.Exif()
    exif[274] = orientation
    options = {"quality": 95} if kind in ("JPEG", "WEBP") else {}
    data = saved(stored, kind, exif=exif, **options)
    found = decode_image(data, name="photo")
    gray = found.pixels if found.pixels.ndim == 2 else found.pixels[..., 0]
    assert (found.width, found.height) == (48, 32)
    assert np.abs(gray.astype(int) - upright).max() < 12
    assert read_size(io.BytesIO(data), "photo") == (48, 32)


def _all_turns(pixels):
    for flat in (pixels, pixels[:, ::-1]):
        for quarter in range(4):
            yield np.ascontiguousarray(np.rot90(flat, quarter))


def test_orientation_six_turns_a_quarter_clockwise():
    stored = np.array([[1, 2], [3, 4], [5, 6]], np.uint8)
    assert turn(stored, 6).tolist() == [[5, 3, 1], [6, 4, 2]]


def test_exif_behind_the_pixels_of_a_png_counts_too():
    exif = Image.Exif()
    exif[274] = 6
    body = exif.tobytes().removeprefix(b"Exif\0\0")
    plain = saved(GRAY, "PNG")
    end = plain.index(b"IEND") - 4
    chunk = struct.pack(">I", len(body)) + b"eXIf" + body
    chunk += struct.pack(">I", zlib.crc32(b"eXIf" + body))
    data = plain[:end] + chunk + plain[end:]
    found = decoded(data)
    assert np.array_equal(found.pixels, np.rot90(GRAY, -1))
    assert read_size(io.BytesIO(data), "x") == (24, 32)


def test_a_sixteen_bit_image_is_turned_like_any_other():
    exif = Image.Exif()
    exif[274] = 6
    found = decoded(saved(GRAY16, "TIFF", exif=exif))
    assert np.array_equal(found.pixels, np.rot90(GRAY16, -1))


@pytest.mark.parametrize(
    "data",
    [
        saved(RGB, "PNG"),
        saved(RGB, "JPEG"),
        saved(RGB, "JPEG", progressive=True),
        saved(RGB, "BMP"),
        saved(GRAY, "GIF"),
        saved(RGB, "WEBP"),
        saved(RGB, "JPEG2000"),
        saved(RGB, "TIFF"),
        saved(RGB, "TIFF", compression="tiff_lzw"),
        saved(RGB, "TIFF", compression="jpeg"),
        png16(RGB16),
        png16(np.dstack([GRAY16, GRAY16])),
        tiff(RGB16, photometric="rgb", compression="zlib"),
    ],
    ids=range(13),
)
def test_a_truncated_file_is_an_error_and_never_a_half_gray_image(data):
    whole = decoded(data).pixels
    refused = []
    for cut in range(0, len(data), max(1, len(data) // 40)):
        try:
            assert np.array_equal(decoded(data[:cut]).pixels, whole)
        except UnreadableImageError as error:
            refused.append(error.message)
    assert len(refused) >= 35
    assert all(message.startswith("part.png ") for message in refused)


@given(st.binary(max_size=60), st.sampled_from(range(4)))
@settings(max_examples=150, deadline=None)
def test_damaged_files_raise_nothing_but_unreadable(noise, which):
    files = [saved(RGB, "PNG"), saved(RGB, "JPEG"), saved(RGB, "BMP"), saved(GRAY, "GIF")]
    data = bytearray(files[which])
    start = sum(noise) % len(data)
    data[start : start + len(noise)] = noise
    for work in (decoded, lambda d: thumbnail(d, 8), lambda d: read_size(io.BytesIO(d), "x")):
        with contextlib.suppress(UnreadableImageError):
            work(bytes(data))


def test_an_empty_file_is_named_as_empty():
    with pytest.raises(UnreadableImageError, match=r"part\.png .* it is empty"):
        decoded(b"")


def test_text_called_png_is_refused_with_what_it_begins_with():
    with pytest.raises(UnreadableImageError, match=r"not an image.*<html>"):
        decoded(b"<html> not found </html>")


@pytest.mark.parametrize("start", [b"%!PS-Adobe-3.0 EPSF", b"<svg xmlns=", b"8BPS\0\1"])
def test_only_listed_decoders_ever_run(start):
    with pytest.raises(UnreadableImageError, match="not an image"):
        decoded(start + bytes(200))


def test_a_decompression_bomb_is_refused_from_its_header():
    bomb = png([b"\0" * 8], size_wh=(60_000, 60_000), bits=8, color_type=0)
    with pytest.raises(UnreadableImageError, match="60000x60000 = 3600000000 pixels"):
        decoded(bomb)
    with pytest.raises(UnreadableImageError, match="more than the 100 allowed"):
        decoded(saved(GRAY, "PNG"), max_pixels=100)
    with pytest.raises(UnreadableImageError, match="more than the 100 allowed"):
        thumbnail(saved(GRAY, "JPEG"), 8, max_pixels=100)


def test_a_large_image_passes_where_it_is_allowed():
    black = png([bytes(1250)] * 10_000, size_wh=(10_000, 10_000), bits=1, color_type=0)
    assert decoded(black).pixels.shape == (10_000, 10_000)


SHAPES = st.one_of(
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)),
)


@given(st.sampled_from([np.uint8, np.uint16]).flatmap(lambda d: arrays(d, SHAPES)))
@settings(max_examples=80, deadline=None)
def test_what_encode_png_writes_decode_image_reads(pixels):
    found = decoded(encode_png(pixels))
    assert found.pixels.dtype == pixels.dtype
    assert np.array_equal(found.pixels, pixels)


def test_encode_png_takes_only_images():
    with pytest.raises(InvalidInputError, match="uint8 or uint16"):
        encode_png(np.zeros((3, 3)))


def test_a_thumbnail_keeps_the_proportions_and_never_enlarges():
    large = gradient(200, 400)
    small = decoded(thumbnail(large, 100))
    assert (small.width, small.height) == (100, 50)
    assert decoded(thumbnail(RGB, 100)).pixels.shape == RGB.shape


def test_a_thumbnail_of_a_file_is_turned_and_close_to_that_of_its_pixels():
    exif = Image.Exif()
    exif[274] = 8
    data = saved(gradient(200, 400), "JPEG", exif=exif, quality=95)
    from_file = decoded(thumbnail(data, 100)).pixels.astype(int)
    from_pixels = decoded(thumbnail(decoded(data).pixels, 100)).pixels.astype(int)
    assert from_file.shape == (100, 50, 3)
    assert np.abs(from_file - from_pixels).mean() < 6


def test_a_thumbnail_maps_sixteen_bits_from_their_own_range():
    dim = (GRAY16 // 64 + 300).astype(np.uint16)
    small = decoded(thumbnail(dim, 100)).pixels
    assert small.min() < 20
    assert small.max() > 235
    flat = decoded(thumbnail(np.full((8, 8), 0x8000, np.uint16), 8)).pixels
    assert abs(int(flat[0, 0]) - 128) < 3
