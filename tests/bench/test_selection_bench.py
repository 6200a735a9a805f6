"""The benchmark of choosing: judged by the right rows, and run on a small folder."""

import json

import numpy as np
import pytest
from PIL import Image

from bench import selection


def row(data, strategy, difference, p_value, metric="mean_recall"):
    return {"data": data, "strategy": strategy, "metric": metric, "budget": 10,
            "difference": difference, "p_value": p_value}  # fmt: skip


def test_a_set_that_is_worse_once_never_counts_as_better():
    rows = [
        row("a", "needed", 0.1, 0.01),
        row("a", "needed", -0.1, 0.01),
        row("b", "needed", 0.1, 0.001),
        row("c", "needed", -0.1, 0.2),
        row("c", "typical", -0.9, 0.001),
        row("c", "needed", -0.9, 0.001, metric="accuracy"),
    ]
    worse, better = selection.judged(rows)
    assert (worse["value"], worse["ok"]) == (1, False)
    assert (better["value"], better["target"], better["ok"]) == (1, 2, False)


def test_differences_are_paired_by_draw():
    rng = np.random.default_rng(0)
    lot = rng.random(12)
    scores = {
        ("random", 10, "accuracy"): lot.tolist(),
        ("typical", 10, "accuracy"): (lot + 0.01).tolist(),
    }
    found = selection.compared(scores, "typical", 10, "accuracy")
    assert found["difference"] == pytest.approx(0.01)
    assert found["p_value"] < 0.001


def test_it_runs_on_any_folder_of_classes_and_prints_json_last(tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(1)
    for number in range(24):
        folder = tmp_path / "set" / ("dark" if number % 2 else "light")
        folder.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 90, (32, 32)) + 120 * (number % 2 == 0)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.png")
    arguments = ["--data", str(tmp_path / "set"), "--seeds", "6", "--budget", "4,8,50"]
    monkeypatch.setattr("sys.argv", ["select", *arguments])
    selection.main()
    told = capsys.readouterr()
    record = json.loads(told.out.splitlines()[-1])
    assert {r["budget"] for r in record["results"]} == {4, 8}
    assert "too small for 50 labels" in told.err
    one = record["results"][0]
    assert one.keys() >= {"data", "strategy", "metric", "median", "random_median", "p_value"}


def test_choosing_from_a_mapped_file_reports_time_and_memory():
    results = selection._at_scale(4000)
    by = {(r["strategy"], r["metric"]): r["value"] for r in results}
    assert by["coreset", "seconds"] >= 0
    assert by["typical", "peak_mb"] > 0
    assert all(g["ok"] for g in selection._scale_gates(results))
