import csv

import pytest

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.label_book import LabelBook
from pitmark.ops.images.columns import compare_columns
from pitmark.ops.images.importing import ImportOptions, import_folder
from pitmark.store.db import open_store
from tests.ops.toys import class_folder


@pytest.fixture
def project(tmp_path):
    folder = class_folder(tmp_path / "in", count=60)
    rows = []
    for n, path in enumerate(sorted(folder.rglob("*.png"))):
        east = n % 2 == 0
        length = 20 + n % 7
        rows.append(
            {
                "image": path.name,
                "plant": "East" if east else "West",
                "length": length if east else round(length / 2.54, 2),
                "shift": ("early", "late")[n % 3 == 0],
            }
        )
    table = tmp_path / "table.csv"
    with table.open("w", newline="") as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    with open_store(tmp_path / "home", create=True) as store:
        made = store.create_project("parts", "classification", LabelBook())
        import_folder(made, folder, options=ImportOptions(metadata_csv=table))
        yield made


def test_inches_beside_centimeters_are_told_and_equal_words_are_not(project):
    found = compare_columns(project, by="plant")
    assert [d.column for d in found.differences] == ["length"]
    assert set(found.differences[0].units or ()) == {"inches", "centimeters"}
    assert found.to_json()["differences"][0]["images"] == 30
    assert "length" in found.sentences()[0]


def test_columns_written_alike_are_said_to_be(project):
    found = compare_columns(project, by="shift")
    assert found.differences == ()
    assert "written alike" in found.sentences()[0]


def test_a_source_that_is_not_there_is_named_with_those_that_are(project):
    with pytest.raises(InvalidInputError, match="no image has metadata 'site'") as told:
        compare_columns(project, by="site")
    assert "plant" in told.value.hint


def test_one_folder_is_no_comparison(project):
    with pytest.raises(NotEnoughDataError, match="1 source"):
        compare_columns(project)
