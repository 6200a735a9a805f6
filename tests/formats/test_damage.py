"""Label files with random damage: a problem or a clear error, never a crash."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pitmark.core.errors import PitmarkError
from pitmark.core.labels import BoxShape, ImageClass, PolygonShape, mask_shape
from pitmark.formats.registry import FORMATS, read_folder, write_folder
from tests.formats.folders import labeled

MASK = np.zeros((30, 40), bool)
MASK[3:9, 4:20] = True
SHAPES = (
    BoxShape("dent", (1, 2, 11, 22)),
    PolygonShape("dent", (((1, 1), (9, 1), (9, 7)),)),
    mask_shape("dent", MASK),
    ImageClass("wet"),
)
LABELED = ["coco", "csv", "labelme", "masks", "mvtec", "voc", "yolo"]
SNIPPETS = [b"\0", b"\xff", b"nan", b"-1", b"1e999", b"[[[", b"]", b"null", b"{}", b'"', b"\n"]
SNIPPETS += [b"9" * 400, b"<!DOCTYPE a>", b"../..", b"true", b",", b"P" * 50]
DAMAGE = st.lists(
    st.tuples(st.floats(0, 1), st.one_of(st.sampled_from(SNIPPETS), st.binary(max_size=4))),
    min_size=1,
    max_size=5,
)


@pytest.mark.parametrize("name", LABELED)
def test_damaged_label_files_never_crash_a_reader(name, tmp_path):
    items = [labeled(n, SHAPES, split="test", metadata={"lot": n}) for n in range(2)]
    blobs = {item.image.sha256: data for item, data in items}
    whole = tmp_path / "whole"
    write_folder(name, [i for i, _ in items], blobs.__getitem__, whole)
    images = set(blobs.values())

    @given(DAMAGE, st.booleans())
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    def check(damage, replace):
        with TemporaryDirectory() as folder:
            root = Path(folder) / "data"
            shutil.copytree(whole, root)
            for path in root.rglob("*.*"):
                data = path.read_bytes() if path.is_file() else b""
                if not data or data in images:
                    continue
                for place, snippet in damage:
                    at = int(place * len(data))
                    end = at + (len(snippet) if replace else 0)
                    data = data[:at] + snippet + data[end:]
                path.write_bytes(data)
            try:
                listing = read_folder(root, format=name)
            except PitmarkError:
                return
            assert len(listing.images) <= 2
            assert all(i.path.resolve().is_relative_to(root) for i in listing.images)

    check()


def test_every_format_with_label_files_is_damaged_above():
    assert {*LABELED, "folders", "images", "deeppcb"} == set(FORMATS)
