"""Who made a bundle: signatures with Ed25519 over its manifest.

The manifest holds the hash of every other file, so that a signature over it is one over the
whole bundle. A device keeps a file of the keys it trusts, one line each. Source: RFC 8032.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from pitmark.core.errors import BundleError, InvalidInputError, NotFoundError

_KIND = "pitmark-ed25519"
# Keeps a signature over a manifest from being taken for one over anything else.
_PREFIX = b"pitmark bundle manifest\x00"
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signatures are checked with: 32 bytes, and a note for people."""

    raw: bytes
    note: str = ""

    @property
    def id(self) -> str:
        """What people compare by eye: 16 hexadecimal digits."""
        return hashlib.sha256(self.raw).hexdigest()[:16]

    @property
    def line(self) -> str:
        """The key as one line of a file of trusted keys."""
        return f"{_KIND} {base64.b64encode(self.raw).decode()} {self.note}".rstrip()


def new_private_key() -> bytes:
    """A fresh private key as PEM; whoever has it can sign."""
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def public_key(private_pem: bytes, note: str = "") -> PublicKey:
    """The public half of a private key.

    Args:
        private_pem: From `new_private_key`.
        note: For people, such as the name of the workspace.

    Returns:
        The key to hand out.

    Raises:
        InvalidInputError: This is no such private key.
    """
    raw = _private(private_pem).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return PublicKey(raw, note)


def read_keys(file: Path) -> tuple[PublicKey, ...]:
    """The keys of a file; empty lines and those after # are left out.

    Args:
        file: One key a line: pitmark-ed25519, the key in base64, and a note.

    Returns:
        The keys, at least one.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: A line is no key, or there is none.
    """
    if not file.is_file():
        raise NotFoundError(f"there is no file of keys {str(file)!r}")
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    keys = tuple(
        _parsed(text, f"{file}, line {number}")
        for number, text in enumerate(lines, start=1)
        if text.strip() and not text.lstrip().startswith("#")
    )
    if not keys:
        raise InvalidInputError(f"{file} holds no key", hint="pitmark keys export writes one.")
    return keys


def sign(manifest: bytes, private_pem: bytes) -> bytes:
    """A signature over the bytes of a manifest.

    Args:
        manifest: As it stands in the bundle.
        private_pem: Of the one who signs.

    Returns:
        The bytes of the signature's file.
    """
    signature = _private(private_pem).sign(_PREFIX + manifest)
    about = {
        "algorithm": "ed25519",
        "key": public_key(private_pem).id,
        "signature": base64.b64encode(signature).decode(),
    }
    return json.dumps(about, sort_keys=True).encode()


def signer(manifest: bytes, signature: bytes | None, trusted: Sequence[PublicKey]) -> str:
    """The key that signed a manifest, if it is one that is trusted.

    Args:
        manifest: Its bytes.
        signature: The bytes of the signature's file, or None where there is none.
        trusted: At least one key.

    Returns:
        The id of the key.

    Raises:
        BundleError: There is no signature, it is damaged, of another key, or does not
            belong to this manifest.
    """
    if signature is None:
        raise BundleError(
            "the bundle is not signed",
            hint="Release it again, or run it without asking for a key.",
        )
    key_id, raw = _read(signature)
    key = next((k for k in trusted if k.id == key_id), None)
    if key is None:
        raise BundleError(
            f"the bundle is signed by key {key_id}, trusted are"
            f" {', '.join(k.id for k in trusted)}",
            hint="Add the key to the file of trusted keys if you know whose it is.",
        )
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(raw, _PREFIX + manifest)
    except InvalidSignature as exc:
        raise BundleError(
            f"the bundle's signature by key {key_id} is false: its manifest was changed",
            hint="Do not use it; fetch the bundle again from where it was released.",
        ) from exc
    return key_id


def claimed_signer(signature: bytes) -> str:
    """The key a signature says it is of, unchecked.

    Args:
        signature: The bytes of the signature's file.

    Returns:
        The id of the key.

    Raises:
        BundleError: It is damaged.
    """
    return _read(signature)[0]


def _read(signature: bytes) -> tuple[str, bytes]:
    try:
        about = json.loads(signature.decode("ascii"))
        if about["algorithm"] != "ed25519":
            raise BundleError(f"the bundle is signed with {about['algorithm']!r}, not ed25519")
        return str(about["key"]), base64.b64decode(about["signature"], validate=True)
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        raise BundleError(f"the bundle's signature is damaged: {exc!r}") from exc


def _parsed(line: str, where: str) -> PublicKey:
    kind, _, rest = line.strip().partition(" ")
    text, _, note = rest.strip().partition(" ")
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if kind != _KIND or len(raw) != _KEY_BYTES:
        raise InvalidInputError(
            f"{where}: no key", hint=f"A key reads: {_KIND} BASE64 NOTE (pitmark keys)."
        )
    return PublicKey(raw, note.strip())


def _private(pem: bytes) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as exc:
        raise InvalidInputError(f"this is no private key: {exc}") from exc
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidInputError("this private key is not of the kind Ed25519")
    return key
