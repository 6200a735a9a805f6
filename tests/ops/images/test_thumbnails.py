import io
import threading

import numpy as np
import pytest
from PIL import Image

from pitmark.core.errors import InvalidInputError, NotFoundError, UnreadableImageError
from pitmark.formats.images import encode_png
from pitmark.ops.images.derived_files import DerivedFiles
from pitmark.ops.images.thumbnails import SIDES, Thumbnails
from pitmark.store.blobs import BlobStore


@pytest.fixture
def blobs(tmp_path):
    return BlobStore(tmp_path / "blobs")


@pytest.fixture
def thumbnails(blobs, tmp_path):
    return Thumbnails(blobs, tmp_path / "cache")


def _pixels(jpeg):
    image = Image.open(io.BytesIO(jpeg))
    assert image.format == "JPEG"
    return np.asarray(image).astype(int)


def _file(image, kind, **how):
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def test_a_picture_is_as_large_as_asked_for_and_never_enlarged(blobs, thumbnails):
    sha = blobs.put(_file(Image.new("RGB", (1000, 400), (200, 40, 40)), "JPEG"))
    sizes = {s: Image.open(io.BytesIO(thumbnails.picture(sha, s))).size for s in SIDES}
    assert sizes == {
        96: (96, 38),
        192: (192, 77),
        384: (384, 154),
        768: (768, 307),
        1536: (1000, 400),
        3072: (1000, 400),
    }
    assert np.abs(_pixels(thumbnails.picture(sha, 96)) - [200, 40, 40]).max() < 8


def test_a_picture_is_never_the_bytes_that_were_uploaded(blobs, thumbnails):
    data = _file(Image.new("L", (64, 48), 90), "JPEG", comment=b"<script>")
    made = thumbnails.picture(blobs.put(data), 96)
    assert made != data
    assert b"<script>" not in made


def test_sixteen_bits_are_stretched_to_be_seen(blobs, thumbnails):
    ramp = np.linspace(1000, 1400, 256).astype(np.uint16)
    shown = _pixels(thumbnails.picture(blobs.put(encode_png(np.tile(ramp, (64, 1)))), 768))
    assert shown.min() < 12
    assert shown.max() > 243
    assert np.all(np.diff(shown.mean(axis=0)[::16]) > 0)


def test_deep_color_is_shown_in_color(blobs, thumbnails):
    deep = np.zeros((40, 60, 3), dtype=np.uint16)
    deep[:, 30:, 0] = 60_000
    shown = _pixels(thumbnails.picture(blobs.put(encode_png(deep)), 96))
    assert shown.shape == (40, 60, 3)
    assert shown[20, 50, 0] > 200 > 60 > shown[20, 50, 2]


def test_a_picture_is_turned_as_the_camera_asks(blobs, thumbnails):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = _file(Image.new("L", (200, 100)), "JPEG", exif=exif)
    assert Image.open(io.BytesIO(thumbnails.picture(blobs.put(data), 96))).size == (48, 96)


def test_pictures_are_kept_and_made_again_when_their_folder_was_emptied(
    blobs, thumbnails, tmp_path
):
    sha = blobs.put(_file(Image.new("L", (300, 200), 90), "PNG"))
    first = thumbnails.picture(sha, 192)
    kept = [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]
    assert [p.read_bytes() for p in kept] == [first]
    blobs.remove(sha)
    assert thumbnails.picture(sha, 192) == first
    assert Image.open(io.BytesIO(thumbnails.picture(sha, 96))).size == (96, 64)
    kept[0].unlink()
    blobs.put(_file(Image.new("L", (300, 200), 90), "PNG"))
    assert thumbnails.picture(sha, 192) == first


def test_other_sides_and_what_is_no_image_are_refused(blobs, thumbnails):
    sha = blobs.put(b"<svg onload=alert(1)>")
    with pytest.raises(InvalidInputError, match="found 100"):
        thumbnails.picture(sha, 100)
    with pytest.raises(UnreadableImageError, match="not an image that can be read"):
        thumbnails.picture(sha, 96)
    bomb = io.BytesIO()
    Image.new("1", (20_000, 6_000)).save(bomb, "PNG")
    with pytest.raises(UnreadableImageError, match="more than the 100000000 allowed"):
        thumbnails.picture(blobs.put(bomb.getvalue()), 96)


def _scene(width, height):
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return ((x // 7 + y // 5) % 256).astype(np.uint8)


def test_tiles_of_the_first_level_put_together_are_the_image(blobs, thumbnails):
    scene = _scene(600, 300)
    sha = blobs.put(encode_png(scene))
    rows = [
        np.hstack([_pixels(thumbnails.tile(sha, 0, x, y)) for x in range(3)]) for y in range(2)
    ]
    whole = np.vstack(rows)
    assert whole.shape == (300, 600)
    assert np.abs(whole - scene).mean() < 6


def test_each_level_is_half_as_large_down_to_one_tile(blobs, thumbnails):
    sha = blobs.put(encode_png(_scene(601, 301)))
    assert _pixels(thumbnails.tile(sha, 1, 0, 0)).shape == (151, 256)
    assert _pixels(thumbnails.tile(sha, 1, 1, 0)).shape == (151, 45)
    assert _pixels(thumbnails.tile(sha, 2, 0, 0)).shape == (76, 151)
    for level, x, y in ((0, 3, 0), (0, 0, 2), (0, -1, 0), (2, 1, 0), (3, 0, 0), (-1, 0, 0)):
        with pytest.raises(NotFoundError, match=f"no tile {x}, {y} at level {level}"):
            thumbnails.tile(sha, level, x, y)


def test_many_who_ask_for_the_tiles_of_an_image_at_once_all_get_them(blobs, thumbnails):
    sha = blobs.put(encode_png(_scene(600, 300)))
    got = []
    threads = [
        threading.Thread(target=lambda: got.append(thumbnails.tile(sha, 0, 1, 1)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert len(set(got)) == 1


def test_derived_files_make_room_for_new_ones(tmp_path):
    files = DerivedFiles(tmp_path / "made", 1000)
    for n in range(30):
        files.put(f"{n % 3}/{n}", bytes(100))
        kept = [p for p in (tmp_path / "made").rglob("*") if p.is_file()]
        assert sum(p.stat().st_size for p in kept) <= 1000
        assert files.read(f"{n % 3}/{n}") == bytes(100)
    assert files.read("0/0") is None


def test_what_cannot_be_kept_is_given_all_the_same(tmp_path):
    (tmp_path / "made").write_text("a file where the folder should be")
    files = DerivedFiles(tmp_path / "made", 1000)
    assert files.get("a/b", lambda: b"bytes") == b"bytes"
    assert files.read("a/b") is None
