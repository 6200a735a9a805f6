"""Ask a peer in its own python: a script that prints one JSON object last."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from bench.shape import tell


def ask_peer(
    python: str, script: str, given: Path, *, timeout_s: float | None = None
) -> dict[str, Any] | None:
    """What a script says, or None where it cannot run, which is told.

    Args:
        python: An interpreter that has the peer.
        script: Its source; it gets the path, and prints {"missing": why} without the peer.
        given: What it shall judge.
        timeout_s: After so long it counts as failed; None waits.

    Returns:
        The JSON object.
    """
    done = subprocess.run(
        [python, "-W", "ignore", "-c", script, str(given)],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
    )
    if done.returncode:
        tell(f"cleanlab could not judge: {(done.stderr.strip().splitlines() or [''])[-1]}")
        return None
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if "missing" in found:
        tell(f"cleanlab is skipped: {found['missing']} (name its python with --peer-python)")
        return None
    return found
