import subprocess
import sys

HEAVY = {"scipy", "torch", "PIL", "sklearn", "onnxruntime"}


def test_watching_a_line_loads_numpy_and_nothing_heavier():
    code = "import sys, pitmark.quality.drift.monitor; print(' '.join(sys.modules))"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "numpy" in found
    assert not HEAVY & set(found)
