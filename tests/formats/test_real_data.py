"""The public data sets that the project is tried on, where they lie beside the repository."""

from collections import Counter
from pathlib import Path

import pytest

from pitmark.core.errors import UnknownFormatError
from pitmark.formats.images import decode_image
from pitmark.formats.registry import detect_format, read_folder

DATA = Path(__file__).parents[2].parent / "shared" / "data"
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="no data folder beside the repository"
)

# Folder: format, images, unlabeled, shapes, problems.
EXPECTED = {
    "xsdd": ("folders", 1360, 0, 1360, 0),
    "deeppcb": ("deeppcb", 195, 0, 1134, 0),
    "magnetic_tile": ("masks", 402, 0, 143, 0),
    "lookout_cookies": ("masks", 63, 0, 32, 0),
    "elpv_graded": ("images", 440, 440, 0, 0),
    "roman_noisy": ("folders", 2932, 0, 2932, 0),
    "bsdata_wear": ("labelme", 276, 186, 92, 0),
    "bccd_blood": ("voc", 364, 0, 4886, 2),
}


def folder(name):
    if not (DATA / name).is_dir():
        pytest.skip(f"{name} is not in the data folder")
    return DATA / name


@pytest.mark.parametrize("name", EXPECTED)
def test_a_public_data_set_is_recognized_and_counted(name):
    listing = read_folder(folder(name))
    unlabeled = sum(i.shapes is None for i in listing.images)
    shapes = sum(len(i.shapes or ()) for i in listing.images)
    found = (listing.format, len(listing.images), unlabeled, shapes, len(listing.problems))
    assert found == EXPECTED[name]
    first = listing.images[0]
    assert decode_image(first.path.read_bytes(), name=first.name).pixels.size > 0


def test_the_exposure_and_number_of_tiles_are_in_their_names():
    root = folder("magnetic_tile")
    listing = read_folder(root, pattern="exp{exposure}_num_{num}")
    assert Counter(i.metadata["exposure"] for i in listing.images).keys() <= set(range(7))
    assert not any("do not match" in n for n in listing.notes)
    listing = read_folder(root, metadata_csv=root / "exposure_groups.csv")
    assert all("tile_group_guess" in i.metadata for i in listing.images)


def test_two_annotators_are_asked_about():
    with pytest.raises(UnknownFormatError, match="1st_manual and 2nd_manual"):
        detect_format(folder("drive_two_annotators"))
