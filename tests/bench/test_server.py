"""The benchmark of the server on a few rows and pictures."""

import json
import subprocess
import sys

import pytest


def test_the_benchmark_tells_pages_facets_import_and_their_gates():
    command = [sys.executable, "-m", "bench.server", "--images", "2000", "--jpegs", "4"]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    record = json.loads(done.stdout)
    found = {(r["query"], r["metric"]): r["value"] for r in record["results"]}
    assert {
        ("gallery", "p95_ms"),
        ("facets", "p95_ms"),
        ("gallery after a save", "p95_ms"),
        ("gallery in SQL", "ms"),
        ("import", "images_per_s"),
        ("import", "decoded_per_s"),
        ("import", "share_of_decoding"),
    } <= set(found)
    timed = [r for r in record["results"] if r["metric"] == "p95_ms"]
    for one in timed:
        ratio = one["value"] / one["calibration_ms"]
        assert one["times_calibration"] == pytest.approx(ratio, rel=0.1, abs=0.02)
    assert timed
    assert len(record["gates"]) == 5
