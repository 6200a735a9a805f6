"""Ports and processes of this machine, for benchmarks that start and kill real ones."""

from __future__ import annotations

import socket
from pathlib import Path


def children(pid: int) -> list[int]:
    """Processes below another one, all of them."""
    out: list[int] = []
    for folder in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, folder.read_text().split()):
            out += [child, *children(child)]
    return out


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
