import io
import os
import stat
import tarfile
import zipfile
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError, StorageError
from pitmark.formats.archives import (
    ArchiveLimits,
    archive_stem,
    is_archive,
    unpack,
)
from pitmark.formats.safe_names import safe_name


def zip_of(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in files.items():
            info = zipfile.ZipInfo()
            info.filename = info.orig_filename = name
            zipped.writestr(info, data, zipfile.ZIP_DEFLATED)
    return path


def tar_of(path, files, mode="w:gz", *members):
    with tarfile.open(path, mode) as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        for member in members:
            tar.addfile(member)
    return path


def found(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file()
    }


FILES = {"good/a.png": b"one", "./bad/b.png": b"two" * 1000, "list.csv": b""}
PLAIN = {"good/a.png": b"one", "bad/b.png": b"two" * 1000, "list.csv": b""}


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.zip", zip_of),
        ("a.tar", lambda p, f: tar_of(p, f, "w")),
        ("a.tar.gz", lambda p, f: tar_of(p, f, "w:gz")),
        ("a.tbz2", lambda p, f: tar_of(p, f, "w:bz2")),
        ("a.txz", lambda p, f: tar_of(p, f, "w:xz")),
    ],
)
def test_every_kind_of_archive_gives_its_files(tmp_path, name, make):
    path = make(tmp_path / name, FILES)
    assert is_archive(name)
    assert archive_stem(name) == "a"
    assert unpack(path, tmp_path / "out") == 3
    assert found(tmp_path / "out") == PLAIN


@pytest.mark.parametrize("make", [zip_of, tar_of])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/etc/passwd", "is absolute"),
        ("C:/a.png", "is absolute"),
        ("c:a.png", "is absolute"),
        ("../a.png", "leads out"),
        ("a/../../b.png", "leads out"),
        ("a/..", "leads out"),
        ("a\\b.png", "backslash"),
        ("..\\b.png", "backslash"),
        ("a\nb.png", "cannot be shown"),
        ("a\x1b[2Jb.png", "cannot be shown"),
        ("x" * 300, "too long"),
        ("a/" * 600 + "b", "too long"),
    ],
)
def test_a_name_that_leads_outside_or_is_no_name_is_refused(tmp_path, make, name, reason):
    path = make(tmp_path / "in.bin", {name: b"x"})
    with pytest.raises(InvalidInputError, match=reason):
        unpack(path, tmp_path / "deep" / "out")
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and p != path]


def test_an_archive_of_the_folder_itself_is_taken(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(b"x")
    with tarfile.open(tmp_path / "in.tgz", "w:gz") as tar:
        tar.add(tmp_path / "in", arcname=".")
    assert unpack(tmp_path / "in.tgz", tmp_path / "out") == 1
    assert found(tmp_path / "out") == {"a.png": b"x"}


@pytest.mark.parametrize("make", [zip_of, tar_of])
@pytest.mark.parametrize(
    "pair",
    [
        ("a.png", "A.PNG"),
        ("a/x.png", "A/X.png"),
        ("caf\u00e9.png", "cafe\u0301.png"),
        ("a.png", "a.png."),
        ("a", "a/b.png"),
        ("a/b.png", "a"),
        ("a.png", "./a.png"),
    ],
)
def test_the_same_name_twice_is_refused(tmp_path, make, pair):
    path = make(tmp_path / "in.bin", dict.fromkeys(pair, b"x"))
    with pytest.raises(InvalidInputError, match="is there twice"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, b"S"]
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path, kind):
    member = tarfile.TarInfo("link.png")
    member.type, member.linkname = kind, "../../secret"
    path = tar_of(tmp_path / "in.tar", {}, "w", member)
    with pytest.raises(InvalidInputError, match=r"is a link, a device|damaged"):
        unpack(path, tmp_path / "out")
    assert found(tmp_path / "out") == {}


def test_links_in_a_zip_are_refused(tmp_path):
    info = zipfile.ZipInfo("link.png")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as zipped:
        zipped.writestr(info, "../../secret")
    with pytest.raises(InvalidInputError, match="is a link or a device"):
        unpack(tmp_path / "in.zip", tmp_path / "out")


def test_an_encrypted_entry_is_refused(tmp_path):
    path = zip_of(tmp_path / "in.zip", {"a.png": b"x"})
    data = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + offset] |= 1
    path.write_bytes(data)
    with pytest.raises(InvalidInputError, match="is encrypted"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize("make", [zip_of, tar_of])
def test_a_bomb_is_stopped_while_it_unpacks(tmp_path, make):
    path = make(tmp_path / "in.bin", {"a.png": bytes(40_000_000)})
    limits = ArchiveLimits(free_bytes=1_000_000)
    with pytest.raises(InvalidInputError, match="unpacks to more than"):
        unpack(path, tmp_path / "out", limits=limits)
    assert sum(len(d) for d in found(tmp_path / "out").values()) < 12_000_000


def test_a_zip_whose_header_lies_about_a_size_is_stopped_too(tmp_path):
    path = zip_of(tmp_path / "in.zip", {"a.png": bytes(40_000_000)})
    data = bytearray(path.read_bytes())
    size = (40_000_000).to_bytes(4, "little")
    path.write_bytes(data.replace(size, (10).to_bytes(4, "little")))
    with pytest.raises(InvalidInputError, match=r"damaged|unpacks to more"):
        unpack(path, tmp_path / "out", limits=ArchiveLimits(free_bytes=1_000_000))


def test_too_many_entries_are_refused(tmp_path):
    path = zip_of(tmp_path / "in.zip", {f"{n}.png": b"" for n in range(30)})
    with pytest.raises(InvalidInputError, match="more than 20 entries"):
        unpack(path, tmp_path / "out", limits=ArchiveLimits(entries=20))


def test_a_huge_header_of_a_tar_is_not_read_into_memory(tmp_path):
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 60_000_000
    path = tmp_path / "in.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(info, io.BytesIO(bytes(info.size)))
    with pytest.raises(InvalidInputError, match="damaged"):
        unpack(path, tmp_path / "out")


def test_a_folder_that_is_there_is_not_unpacked_into(tmp_path):
    path = zip_of(tmp_path / "in.zip", {"a.png": b"x"})
    (tmp_path / "out").mkdir()
    with pytest.raises(StorageError, match="out cannot be made"):
        unpack(path, tmp_path / "out")


MADE = {"zip": zip_of, "tar": lambda p, f: tar_of(p, f, "w"), "tgz": tar_of}
QUIET = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@given(
    kind=st.sampled_from(sorted(MADE)),
    places=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=12),
    cut=st.floats(0, 1.2),
)
@QUIET
def test_a_damaged_archive_ends_in_files_or_in_one_clear_error(
    tmp_path_factory, kind, places, cut
):
    folder = tmp_path_factory.mktemp("damage")
    path = MADE[kind](folder / "in.bin", FILES)
    data = bytearray(path.read_bytes())
    for where, value in places:
        data[min(int(where * len(data)), len(data) - 1)] = value
    path.write_bytes(data[: int(cut * len(data)) + 1])
    with suppress(InvalidInputError):
        unpack(path, folder / "out", limits=ArchiveLimits(free_bytes=1_000_000))
    assert {p.name for p in folder.iterdir()} <= {"in.bin", "out"}


@given(name=st.text(max_size=40) | st.from_regex(r"[a-z./\\: ]{1,20}", fullmatch=True))
@QUIET
def test_a_name_that_is_let_through_stays_below_its_folder(tmp_path, name):
    try:
        safe = safe_name(name)
    except InvalidInputError:
        return
    target = os.path.normpath(tmp_path / "out" / safe)
    assert target.startswith(str(tmp_path / "out") + os.sep)
