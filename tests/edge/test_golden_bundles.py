"""Bundles that were written by earlier versions stay good: they are kept, never made anew."""

from pathlib import Path

import pytest

from pitmark.edge.bundle_file import read_bundle
from pitmark.edge.runtime import EdgeInspector
from pitmark.edge.signing import read_keys

FOLDER = Path(__file__).parent.parent / "golden"
BUNDLES = sorted(FOLDER.glob("*.pitmark"))


def test_there_are_bundles_of_every_format_signed_and_not():
    found = [read_bundle(b) for b in BUNDLES]
    assert {b.manifest.format_version for b in found} == {1, 2}
    assert {b.signed_by is None for b in found} == {True, False}


@pytest.mark.parametrize("path", BUNDLES, ids=lambda p: p.stem)
def test_a_bundle_of_an_earlier_version_still_runs_as_it_did(path):
    inspector = EdgeInspector.open(path, precision="fp32", threads=1)
    assert inspector.replay_golden().ok


def test_the_key_that_signed_then_is_still_known():
    trusted = read_keys(FOLDER / "keys.txt")
    assert read_bundle(FOLDER / "format-1-signed.pitmark", trusted=trusted).trusted
