"""The keys of a workspace: who signs its releases, and what devices should trust."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pitmark.edge.signing import PublicKey, new_private_key, public_key
from pitmark.ops.images.text_file import write_text
from pitmark.store.key_files import KeyFiles


@dataclass(frozen=True, slots=True)
class WorkspaceKey:
    """One key of a workspace; `signs` for the one that releases are signed with."""

    number: int
    public: PublicKey
    signs: bool

    def to_json(self) -> dict[str, Any]:
        """The key as plain JSON types."""
        return {
            "number": self.number,
            "id": self.public.id,
            "line": self.public.line,
            "signs": self.signs,
        }


def signing_key(keys: KeyFiles) -> bytes:
    """The private key that signs; made at the first release.

    Args:
        keys: Of the workspace.

    Returns:
        The key as PEM.
    """
    held = keys.list()
    return held[0].pem if held else keys.add(new_private_key()).pem


def workspace_keys(keys: KeyFiles) -> list[WorkspaceKey]:
    """The public halves of all keys, the newest first.

    Args:
        keys: Of the workspace.

    Returns:
        The keys; at least one, for it is made where there is none.
    """
    signing_key(keys)
    held = keys.list()
    return [
        WorkspaceKey(k.number, public_key(k.pem, f"key-{k.number}"), k is held[0]) for k in held
    ]


def renew_key(keys: KeyFiles) -> WorkspaceKey:
    """Make a new key that signs from now on; devices must learn it first.

    Args:
        keys: Of the workspace.

    Returns:
        The new key.
    """
    keys.add(new_private_key())
    return workspace_keys(keys)[0]


def export_keys(keys: KeyFiles, path: Path) -> list[WorkspaceKey]:
    """Write the public keys as the file that a device is given.

    Args:
        keys: Of the workspace.
        path: The file; it is replaced if it exists.

    Returns:
        The keys in it.

    Raises:
        StorageError: It cannot be written.
    """
    held = workspace_keys(keys)
    lines = ["# Keys whose bundles this device runs.", *(k.public.line for k in held)]
    write_text(path, "\n".join(lines) + "\n")
    return held
