import io
import zipfile

import pytest

from pitmark.core.bundle import MANIFEST_NAME, SIGNATURE_NAME
from pitmark.core.errors import BundleError, InvalidInputError, NotFoundError
from pitmark.edge.bundle_file import read_bundle, write_bundle
from pitmark.edge.signing import new_private_key, public_key, read_keys
from tests.edge.networks import files_for, manifest_for, spec_for
from tests.edge.test_bundle_file import entries_of, zipped

SPEC = spec_for("classification")
FILES = files_for("classification", SPEC)
OURS, THEIRS = new_private_key(), new_private_key()
TRUSTED = (public_key(OURS, "us"),)


@pytest.fixture
def signed(tmp_path):
    path = tmp_path / "b.pitmark"
    write_bundle(path, manifest_for(SPEC), FILES, key_pem=OURS)
    return path.read_bytes()


def repacked(data, change):
    entries = entries_of(data)
    change(entries)
    return zipped(list(entries.items()))


def test_a_bundle_signed_by_a_trusted_key_is_read_and_says_by_whom(signed):
    found = read_bundle(signed, trusted=TRUSTED)
    assert (found.signed_by, found.trusted) == (TRUSTED[0].id, True)
    assert found.files == FILES
    both = (public_key(THEIRS), *TRUSTED)
    assert read_bundle(signed, trusted=both).signed_by == TRUSTED[0].id


def test_without_trusted_keys_the_signer_is_told_but_not_believed(signed):
    found = read_bundle(signed)
    assert (found.signed_by, found.trusted) == (TRUSTED[0].id, False)


def test_an_unsigned_bundle_is_refused_where_a_signature_is_asked_for(tmp_path):
    path = tmp_path / "b.pitmark"
    write_bundle(path, manifest_for(SPEC), FILES)
    assert read_bundle(path).signed_by is None
    with pytest.raises(BundleError, match="is not signed"):
        read_bundle(path, trusted=TRUSTED)


def test_a_bundle_of_another_key_is_refused(signed):
    with pytest.raises(BundleError, match=r"is signed by key .* trusted are"):
        read_bundle(signed, trusted=(public_key(THEIRS),))


def test_a_changed_manifest_is_refused_even_with_true_hashes(signed):
    def change(entries):
        entries[MANIFEST_NAME] = entries[MANIFEST_NAME].replace(
            b'"version": 3', b'"version": 9'
        )

    altered = repacked(signed, change)
    assert read_bundle(altered).manifest.version == 9
    with pytest.raises(BundleError, match=r"signature by key .* is false"):
        read_bundle(altered, trusted=TRUSTED)


def test_a_signature_of_another_bundle_is_refused(signed, tmp_path):
    other = tmp_path / "other.pitmark"
    write_bundle(other, manifest_for(SPEC, version=4), FILES, key_pem=OURS)

    def change(entries):
        entries[SIGNATURE_NAME] = entries_of(other.read_bytes())[SIGNATURE_NAME]

    with pytest.raises(BundleError, match="is false"):
        read_bundle(repacked(signed, change), trusted=TRUSTED)


@pytest.mark.parametrize("rubbish", [b"", b"{}", b"[1]", b"\xff", b'{"algorithm": "rsa"}'])
def test_a_damaged_signature_is_refused_with_or_without_keys(signed, rubbish):
    altered = repacked(signed, lambda entries: entries.update({SIGNATURE_NAME: rubbish}))
    for trusted in ((), TRUSTED):
        with pytest.raises(BundleError, match=r"signature is damaged|signed with 'rsa'"):
            read_bundle(altered, trusted=trusted)


def test_the_same_content_and_key_give_the_same_bytes(signed, tmp_path):
    again = tmp_path / "again.pitmark"
    write_bundle(again, manifest_for(SPEC), FILES, key_pem=OURS)
    assert again.read_bytes() == signed
    with zipfile.ZipFile(io.BytesIO(signed)) as archive:
        assert archive.namelist()[:2] == [MANIFEST_NAME, SIGNATURE_NAME]


def test_keys_are_read_from_a_file_with_remarks(tmp_path):
    file = tmp_path / "keys.txt"
    file.write_text(f"# ours\n\n{TRUSTED[0].line}\n{public_key(THEIRS).line}\n")
    assert read_keys(file) == (*TRUSTED, public_key(THEIRS))
    file.write_text("# none\n")
    with pytest.raises(InvalidInputError, match="holds no key"):
        read_keys(file)
    file.write_text(f"{TRUSTED[0].line}\npitmark-ed25519 AAAA\n")
    with pytest.raises(InvalidInputError, match="line 2: no key"):
        read_keys(file)
    file.write_bytes(OURS)
    with pytest.raises(InvalidInputError, match="no key"):
        read_keys(file)
    with pytest.raises(NotFoundError, match="no file of keys"):
        read_keys(tmp_path / "none")


def test_what_is_no_private_key_is_refused():
    with pytest.raises(InvalidInputError, match="no private key"):
        public_key(b"rubbish")
