"""Bundles that were written by earlier versions stay good: they are kept, never made anew."""

from pathlib import Path

import pytest

from pitmark.edge.bundle_file import read_bundle
from pitmark.edge.choice import MODEL_NAMES, load_network
from pitmark.edge.runtime import EdgeInspector
from pitmark.edge.signing import read_keys

FOLDER = Path(__file__).parent.parent / "golden"
BUNDLES = sorted(FOLDER.glob("*.pitmark"))


def test_there_are_bundles_of_every_format_signed_and_not():
    found = [read_bundle(b) for b in BUNDLES]
    assert {b.manifest.format_version for b in found} == {1, 2, 3}
    assert {b.signed_by is None for b in found} == {True, False}


@pytest.mark.parametrize("path", BUNDLES, ids=lambda p: p.stem)
def test_a_bundle_of_an_earlier_version_still_runs_as_it_did(path):
    for precision, name in MODEL_NAMES.items():
        if name in read_bundle(path).files:
            inspector = EdgeInspector.open(path, precision=precision, threads=1)
            assert inspector.replay_golden().ok


def test_a_bundle_with_a_model_of_bytes_is_among_them():
    bundle = read_bundle(FOLDER / "format-3-bytes.pitmark")
    assert bundle.manifest.takes_bytes
    assert load_network(bundle, "int8", 1).takes_bytes
    assert not load_network(bundle, "fp32", 1).takes_bytes


def test_the_key_that_signed_then_is_still_known():
    trusted = read_keys(FOLDER / "keys.txt")
    assert read_bundle(FOLDER / "format-1-signed.pitmark", trusted=trusted).trusted
