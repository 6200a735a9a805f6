import hashlib
import io
import json
import stat
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitmark.core.bundle import DRIFT_NAME, GOLDEN_NAME, MANIFEST_NAME, MODEL_FP32
from pitmark.core.errors import BundleError, NotFoundError, StorageError
from pitmark.edge import bundle_file
from pitmark.edge.bundle_file import read_bundle, write_bundle
from tests.edge.networks import files_for, manifest_for, onnx_for, refusal_or, spec_for
from tests.edge.test_wire_scan import as_initializer, edited

SPEC = spec_for("classification")
FILES = files_for("classification", SPEC)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "casings.pitmark"
    write_bundle(path, manifest_for(SPEC), FILES)
    return path.read_bytes()


def entries_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {e.filename: archive.read(e) for e in archive.infolist()}


def zipped(entries, *, change=None, compression=zipfile.ZIP_STORED):
    """A zip of (name, bytes) pairs; `change` edits the entry of the first."""
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # zipfile warns of duplicates.
        with zipfile.ZipFile(out, "w", compression) as archive:
            for position, (name, data) in enumerate(entries):
                entry = zipfile.ZipInfo(name)
                entry.compress_type = compression
                if change and position == 0:
                    change(entry)
                archive.writestr(entry, data)
    return out.getvalue()


def with_files(whole, files):
    """The bundle with other files and a manifest that lists their true hashes."""
    manifest = json.loads(entries_of(whole)[MANIFEST_NAME])
    manifest["files"] = {n: hashlib.sha256(d).hexdigest() for n, d in files.items()}
    return zipped([(MANIFEST_NAME, json.dumps(manifest).encode()), *files.items()])


def test_a_bundle_is_read_as_it_was_written(whole):
    bundle = read_bundle(whole)
    assert bundle.files == FILES
    assert bundle.manifest.inspector == SPEC
    assert bundle.manifest.label_book == manifest_for(SPEC).label_book
    assert set(bundle.manifest.files) == {MODEL_FP32, GOLDEN_NAME}


def test_a_file_and_its_bytes_give_the_same_bundle(whole, tmp_path):
    path = tmp_path / "b.pitmark"
    path.write_bytes(whole)
    assert read_bundle(path) == read_bundle(whole)


def test_the_same_content_gives_the_same_bytes_in_any_order(whole, tmp_path):
    path = tmp_path / "again.pitmark"
    write_bundle(path, manifest_for(SPEC), dict(reversed(FILES.items())))
    assert path.read_bytes() == whole


def test_writing_gives_the_manifest_with_the_hashes(tmp_path):
    written = write_bundle(tmp_path / "b.pitmark", manifest_for(SPEC), FILES)
    assert written.files[MODEL_FP32] == hashlib.sha256(FILES[MODEL_FP32]).hexdigest()
    again = write_bundle(tmp_path / "c.pitmark", written, FILES)
    assert again == written


def test_writing_with_hashes_of_other_files_is_refused(tmp_path):
    manifest = manifest_for(SPEC, files={MODEL_FP32: "0" * 64})
    with pytest.raises(BundleError, match="hashes in the manifest are not those"):
        write_bundle(tmp_path / "b.pitmark", manifest, FILES)


def test_what_could_not_be_read_is_not_written(tmp_path):
    path = tmp_path / "b.pitmark"
    with pytest.raises(BundleError, match="tensor in another file"):
        write_bundle(path, manifest_for(SPEC), {MODEL_FP32: edited(as_initializer)})
    with pytest.raises(BundleError, match=r"'notes\.txt', which no bundle holds"):
        write_bundle(path, manifest_for(SPEC), {**FILES, "notes.txt": b"hello"})
    with pytest.raises(BundleError, match=f"lacks {MODEL_FP32}"):
        write_bundle(path, manifest_for(SPEC), {GOLDEN_NAME: FILES[GOLDEN_NAME]})
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_bundle_and_no_rest(tmp_path, whole):
    folder = tmp_path / "b.pitmark"
    folder.mkdir()
    with pytest.raises(StorageError, match=r"b\.pitmark cannot be written"):
        write_bundle(folder, manifest_for(SPEC), FILES)
    assert [p.name for p in tmp_path.iterdir()] == ["b.pitmark"]


def test_a_bundle_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NotFoundError, match=r"no bundle .*absent\.pitmark"):
        read_bundle(tmp_path / "absent.pitmark")


@pytest.mark.parametrize("data", [b"", b"PK", b"no zip at all" * 100])
def test_bytes_that_are_no_archive_are_refused(data):
    with pytest.raises(BundleError, match="not a readable archive"):
        read_bundle(data)


def test_an_unknown_file_is_refused(whole):
    data = zipped([*entries_of(whole).items(), ("run.sh", b"rm")])
    with pytest.raises(BundleError, match=r"'run\.sh', which no bundle holds"):
        read_bundle(data)


def test_a_file_that_the_manifest_does_not_list_is_refused(whole):
    out = io.BytesIO()
    np.savez(out, a=np.ones(3))
    data = zipped([*entries_of(whole).items(), (DRIFT_NAME, out.getvalue())])
    with pytest.raises(BundleError, match=r"drift\.npz, which its manifest does not list"):
        read_bundle(data)


@pytest.mark.parametrize("name", [MANIFEST_NAME, MODEL_FP32, GOLDEN_NAME])
def test_a_missing_file_is_named(whole, name):
    data = zipped([(n, d) for n, d in entries_of(whole).items() if n != name])
    with pytest.raises(BundleError, match=f"lacks {name}"):
        read_bundle(data)


def test_a_changed_file_is_named_with_both_hashes(whole):
    entries = {**entries_of(whole), MODEL_FP32: onnx_for("classification", bias=1.0)}
    with pytest.raises(BundleError, match=rf"{MODEL_FP32} is damaged or was changed: its hash"):
        read_bundle(zipped(entries.items()))


def test_a_file_given_twice_is_refused(whole):
    entries = list(entries_of(whole).items())
    with pytest.raises(BundleError, match=f"holds {MODEL_FP32} twice"):
        read_bundle(zipped([*entries, (MODEL_FP32, b"other")]))


@pytest.mark.parametrize(
    "name",
    ["../model.fp32.onnx", "/etc/passwd", "a/../../b", "..\\b", "C:\\b", "\\\\host\\b", "C:b"],
)
def test_a_name_that_leads_out_is_refused(whole, name):
    with pytest.raises(BundleError, match="a name that leads out of it"):
        read_bundle(zipped([(name, b"x"), *entries_of(whole).items()]))


def as_link(entry):
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16


def as_device(entry):
    entry.create_system = 3
    entry.external_attr = (stat.S_IFCHR | 0o600) << 16


@pytest.mark.parametrize("change", [as_link, as_device])
def test_a_link_or_device_is_refused(whole, change):
    data = zipped(sorted(entries_of(whole).items(), reverse=True), change=change)
    with pytest.raises(BundleError, match=f"{MODEL_FP32} is a link or no plain file"):
        read_bundle(data)


def test_a_compressed_entry_is_refused(whole):
    data = zipped(entries_of(whole).items(), compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(BundleError, match=f"{MANIFEST_NAME} is compressed"):
        read_bundle(data)


def test_an_encrypted_entry_is_refused(whole):
    data = bytearray(whole)
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(MODEL_FP32.encode()))
    data[at + 8] |= 0x1
    with pytest.raises(BundleError, match=f"{MODEL_FP32} is encrypted"):
        read_bundle(bytes(data))


def test_an_oversize_bundle_is_refused_before_it_is_read(whole, tmp_path, monkeypatch):
    path = tmp_path / "big.pitmark"
    with path.open("wb") as file:
        file.truncate(bundle_file.MAX_BUNDLE_BYTES + 1)
    with pytest.raises(BundleError, match="268,435,457 bytes, allowed are 268,435,456"):
        read_bundle(path)
    monkeypatch.setattr(bundle_file, "MAX_BUNDLE_BYTES", len(whole) - 1)
    with pytest.raises(BundleError, match=r"bytes, allowed are"):
        read_bundle(whole)


def test_an_external_tensor_with_a_true_hash_is_refused(whole):
    files = {**FILES, MODEL_FP32: edited(as_initializer)}
    with pytest.raises(BundleError, match=f"{MODEL_FP32} keeps a tensor in another file"):
        read_bundle(with_files(whole, files))


def test_a_pickle_with_a_true_hash_is_refused(whole):
    out = io.BytesIO()
    np.savez(out, a=np.array([object()]), allow_pickle=True)
    files = {**FILES, DRIFT_NAME: out.getvalue()}
    with pytest.raises(BundleError, match=rf"{DRIFT_NAME}: array a\.npy would have to be unp"):
        read_bundle(with_files(whole, files))


def damaged(whole, *keys, value):
    manifest = json.loads(entries_of(whole)[MANIFEST_NAME])
    inner = manifest
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    return {**entries_of(whole), MANIFEST_NAME: json.dumps(manifest).encode()}


@pytest.mark.parametrize(
    ("keys", "value", "match"),
    [
        (("format_version",), 99, "format version 99, this Pitmark reads up to 3"),
        (("inspector", "threshold"), "0.5", "threshold must be a number, found '0.5'"),
        (("inspector", "max_boxes"), 2.5, r"max_boxes must be a number, found 2\.5"),
        (("inspector", "preprocess", "std"), 0, r"no such preprocessing: .*std 0"),
        (("inspector", "preprocess", "mode"), "crop", "no such preprocessing: mode 'crop'"),
        (("tolerance", "fp32"), float("inf"), "Infinity, which is no finite number"),
        (("inspector", "task"), "guessing", "unknown task 'guessing'"),
    ],
)
def test_a_manifest_with_a_wrong_value_is_refused(whole, keys, value, match):
    with pytest.raises(BundleError, match=match):
        read_bundle(zipped(damaged(whole, *keys, value=value).items()))


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (b"\xff\xfe", "manifest.json is damaged"),
        (b"[1]", "not a JSON object"),
        (b"[" * 100_000, "manifest.json is damaged"),
        (b'{"version": 1, "version": 2}', "gives a key twice"),
        (b'{"version": 1e999}', "1e999, which is no finite number"),
    ],
)
def test_a_manifest_that_is_no_strict_json_is_refused(whole, text, match):
    entries = {**entries_of(whole), MANIFEST_NAME: text}
    with pytest.raises(BundleError, match=match):
        read_bundle(zipped(entries.items()))


def leaves(value, path=()):
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [leaf for key, inner in items for leaf in leaves(inner, (*path, key))]
    return [path]


JSON_LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just([])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_other_value_in_the_manifest_is_refused_or_taken(whole, data):
    manifest = json.loads(entries_of(whole)[MANIFEST_NAME])
    path = data.draw(st.sampled_from(leaves(manifest)))
    entries = damaged(whole, *path, value=data.draw(JSON_LEAF))
    found = refusal_or(lambda: read_bundle(zipped(entries.items())))
    assert isinstance(found, BundleError) or found.files == FILES


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_flipped_and_lost_bytes_give_a_bundle_error_or_the_same_bundle(whole, data):
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 3))):
        # The directory at the end is a small share of the bytes and most of the format.
        low = data.draw(st.sampled_from([0, len(whole) - 400]))
        broken[data.draw(st.integers(low, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.sampled_from([len(whole), data.draw(st.integers(0, len(whole)))]))
    found = refusal_or(lambda: read_bundle(bytes(broken[:cut])))
    assert isinstance(found, BundleError) or found == read_bundle(whole)
