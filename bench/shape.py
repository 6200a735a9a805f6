"""What all benchmarks share: their arguments, and the one JSON object they print last."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def parser(description: str) -> argparse.ArgumentParser:
    """An argument parser with the arguments of every benchmark."""
    out = argparse.ArgumentParser(description=description)
    out.add_argument("--data", action="append", type=Path, default=[], metavar="FOLDER")
    out.add_argument("--seeds", type=int, default=1, help="number of draws")
    out.add_argument("--json", action="store_true", help="no words, JSON only")
    out.add_argument("--out", type=Path, help="also write the JSON to this file")
    return out


def tell(text: str) -> None:
    """Progress goes to standard error."""
    print(text, file=sys.stderr, flush=True)


def finish(
    name: str,
    results: Sequence[Mapping[str, Any]],
    gates: Sequence[Mapping[str, Any]],
    arguments: argparse.Namespace,
) -> None:
    """Print the result, and write it where `--out` says."""
    record = {
        "bench": name,
        "commit": _commit(),
        "machine": _machine(),
        "results": list(results),
        "gates": list(gates),
    }
    text = json.dumps(record)
    if arguments.out is not None:
        arguments.out.write_text(text + "\n")
    if not arguments.json:
        for gate in gates:
            mark = "ok  " if gate["ok"] else "MISS"
            tell(f"{mark} {gate['name']}: {gate['value']}")
    print(text)


def gate(name: str, value: float | None, target: float, *, at_least: bool) -> dict[str, Any]:
    """A statement of an issue and whether it holds."""
    ok = value is not None and (value >= target if at_least else value <= target)
    return {"name": name, "value": value, "target": target, "ok": ok}


def measured(command: Sequence[str], **environment: str) -> tuple[int, str, float, float]:
    """Run a command; gives exit status, standard output, seconds, and peak memory in MB."""
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            list(command),
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **environment},
            text=True,
        )
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            tell(f"{' '.join(command)}\n{errors.read()}")
    seconds = time.perf_counter() - start
    return process.returncode, output, seconds, usage.ru_maxrss / 1024


def _commit() -> str:
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or "unknown"


def _machine() -> dict[str, Any]:
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [x for x in info.read_text().splitlines() if x.startswith("model name")]
        name = lines[0].split(":", 1)[1].strip() if lines else name
    return {"cpu": name, "cores": os.cpu_count(), "gpu": None}
