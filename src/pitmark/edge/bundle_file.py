"""Bundles as files: one stored zip, read with distrust.

The layout is in docs/bundle-format.md. A bundle is refused as a whole or used as a whole.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from pitmark.core.bundle import ALLOWED_FILES, MANIFEST_NAME, SIGNATURE_NAME, Manifest
from pitmark.core.errors import BundleError, NotFoundError, StorageError
from pitmark.edge.array_file import check_arrays
from pitmark.edge.manifest_file import (
    MAX_MANIFEST_BYTES,
    manifest_from_bytes,
    manifest_to_bytes,
)
from pitmark.edge.signing import PublicKey, claimed_signer, sign, signer
from pitmark.edge.wire_scan import refuse_external_tensors

MAX_BUNDLE_BYTES = 256 * 1024 * 1024
_ABOUT = (MANIFEST_NAME, SIGNATURE_NAME)
_ENCRYPTED = 0x1
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_RELEASE_AGAIN = "Copy the bundle again, or release it again."


@dataclass(frozen=True, slots=True)
class Bundle:
    """A release as a device holds it: the manifest and, by name, the checked files.

    `signed_by` is the key it says it is signed with, `trusted` whether that was checked.
    """

    manifest: Manifest
    files: Mapping[str, bytes]
    signed_by: str | None = None
    trusted: bool = False


def write_bundle(
    path: Path,
    manifest: Manifest,
    files: Mapping[str, bytes],
    *,
    key_pem: bytes | None = None,
) -> Manifest:
    """Write a bundle; the same content always gives the same bytes.

    The file appears under its name complete or not at all.

    Args:
        path: The file to write; one that exists is replaced.
        manifest: Its `files` may be empty, then the hashes are filled in.
        files: Content by name, names from `pitmark.core.bundle`.
        key_pem: Private key to sign with; None leaves the bundle unsigned.

    Returns:
        The manifest as written, with the hashes.

    Raises:
        BundleError: The content is one that `read_bundle` would refuse, or the hashes
            in the manifest are not those of the files.
        StorageError: The file cannot be written.
    """
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    if manifest.files and dict(manifest.files) != hashes:
        raise BundleError("the hashes in the manifest are not those of the bundle's files")
    complete = replace(manifest, files=hashes)
    for name in files:
        _check_name(name)
    data = _pack(complete, files, key_pem)
    read_bundle(data)
    _write_atomically(path, data)
    return complete


def read_bundle(source: Path | bytes, *, trusted: Sequence[PublicKey] = ()) -> Bundle:
    """A bundle, every byte of which has been checked against its manifest.

    Args:
        source: The file, or its bytes.
        trusted: Keys one of which must have signed it; none means that a signature is
            not asked for.

    Returns:
        The bundle.

    Raises:
        NotFoundError: There is no such file.
        BundleError: The bundle is damaged, altered, too large or too new; the message
            names the file inside it and the reason; or no trusted key signed it.
    """
    try:
        if isinstance(source, bytes):
            _check_total(len(source))
            return _read_archive(io.BytesIO(source), trusted)
        if not source.is_file():
            raise NotFoundError(f"there is no bundle {source}")
        _check_total(source.stat().st_size)
        with source.open("rb") as file:
            return _read_archive(file, trusted)
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        ValueError,
        EOFError,
        OSError,
    ) as exc:
        reason = f"the bundle is not a readable archive: {exc}"
        raise BundleError(reason, hint=_RELEASE_AGAIN) from exc


def bundle_signer(path: Path) -> str | None:
    """The key that a bundle says it is signed with, without reading the rest of it.

    Args:
        path: Its file; nothing in it is checked.

    Returns:
        The id of the key; None where it is not signed or cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entry = archive.getinfo(SIGNATURE_NAME)
            if entry.file_size > MAX_MANIFEST_BYTES:
                return None
            return claimed_signer(archive.read(entry))
    except (
        BundleError,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        RuntimeError,
        EOFError,
        OSError,
    ):
        return None


def _read_archive(file: IO[bytes], trusted: Sequence[PublicKey]) -> Bundle:
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        if MANIFEST_NAME not in [e.orig_filename for e in entries]:
            # A file cut short may end in an archive that lies within it.
            raise BundleError(f"the bundle lacks {MANIFEST_NAME}", hint=_RELEASE_AGAIN)
        for entry in entries:
            _check_entry(entry)
        _check_total(sum(e.file_size for e in entries))
        names = [e.orig_filename for e in entries]
        for name in names:
            if names.count(name) > 1:
                raise BundleError(f"the bundle holds {name} twice")
        content = {e.orig_filename: archive.read(e) for e in entries}
    told, signature = content.pop(MANIFEST_NAME), content.pop(SIGNATURE_NAME, None)
    # Before anything in it is believed.
    who = signer(told, signature, trusted) if trusted else None
    if who is None and signature is not None:
        who = claimed_signer(signature)
    manifest = manifest_from_bytes(told)
    _check_files(manifest, content)
    return Bundle(manifest, content, who, bool(trusted))


def _check_total(size: int) -> None:
    if size > MAX_BUNDLE_BYTES:
        raise BundleError(f"the bundle has {size:,} bytes, allowed are {MAX_BUNDLE_BYTES:,}")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename
    _check_name(name)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise BundleError(f"the bundle's {name} is a link or no plain file")
    if entry.flag_bits & _ENCRYPTED:
        raise BundleError(f"the bundle's {name} is encrypted")
    if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
        raise BundleError(f"the bundle's {name} is compressed, entries must be stored")
    if name in _ABOUT and entry.file_size > MAX_MANIFEST_BYTES:
        raise BundleError(
            f"{name} has {entry.file_size:,} bytes, allowed are {MAX_MANIFEST_BYTES:,}"
        )


def _check_name(name: str) -> None:
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or parts[0] == "" or ":" in parts[0]:
        raise BundleError(f"the bundle holds {name!r}, a name that leads out of it")
    if name not in ALLOWED_FILES and name not in _ABOUT:
        raise BundleError(f"the bundle holds {name!r}, which no bundle holds")


def _check_files(manifest: Manifest, content: Mapping[str, bytes]) -> None:
    missing = sorted(set(manifest.files) - set(content))
    extra = sorted(set(content) - set(manifest.files))
    if missing:
        raise BundleError(f"the bundle lacks {missing[0]}", hint=_RELEASE_AGAIN)
    if extra:
        raise BundleError(f"the bundle holds {extra[0]}, which its manifest does not list")
    for name, data in content.items():
        found = hashlib.sha256(data).hexdigest()
        if found != manifest.files[name]:
            raise BundleError(
                f"the bundle's {name} is damaged or was changed: its hash is {found[:12]}...,"
                f" the manifest says {manifest.files[name][:12]}...",
                hint=_RELEASE_AGAIN,
            )
        if name.endswith(".onnx"):
            refuse_external_tensors(data, name=name)
        else:
            check_arrays(data, name=name)


def _pack(manifest: Manifest, files: Mapping[str, bytes], key_pem: bytes | None) -> bytes:
    out = io.BytesIO()
    told = manifest_to_bytes(manifest)
    about = [(MANIFEST_NAME, told)]
    about += [(SIGNATURE_NAME, sign(told, key_pem))] if key_pem is not None else []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        ordered = [*about, *sorted(files.items())]
        for name, data in ordered:
            entry = zipfile.ZipInfo(name, _FIXED_TIME)
            entry.create_system = 3
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, data)
    return out.getvalue()


def _write_atomically(path: Path, data: bytes) -> None:
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as exc:
        raise StorageError(f"the bundle {path} cannot be written: {exc.strerror}") from exc
