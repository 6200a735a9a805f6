"""What a device must have installed, measured in fresh interpreters."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import pitmark.edge
from pitmark.edge.bundle_file import write_bundle
from tests.edge.networks import files_for, manifest_for, part_image, spec_for

FORBIDDEN = (
    "torch",
    "sqlalchemy",
    "alembic",
    "fastapi",
    "pydantic",
    "scipy",
    "sklearn",
    "onnx",
)
MODULES = sorted(p.stem for p in Path(pitmark.edge.__file__).parent.glob("[a-z]*.py"))

FIRST_PREDICTION = """
import importlib, json, sys
from pathlib import Path
for name in json.loads(sys.argv[1]):
    importlib.import_module(f"pitmark.edge.{name}")
from pitmark.edge.runtime import EdgeInspector
inspector = EdgeInspector.open(Path(sys.argv[2]))
inspection = inspector.inspect(Path(sys.argv[3]).read_bytes(), name="part.png")
loaded = sorted({m.split(".")[0] for m in sys.modules})
print(json.dumps([inspection.verdict.outcome, loaded]))
"""

WITHOUT_ONNXRUNTIME = """
import sys
sys.modules["onnxruntime"] = None
try:
    import pitmark.edge.runtime
except Exception as error:
    print(type(error).__name__, error, error.hint)
"""


def run(script, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def test_a_first_prediction_loads_nothing_that_a_device_need_not_have(tmp_path):
    spec = spec_for("detection")
    bundle, image = tmp_path / "b.pitmark", tmp_path / "part.png"
    write_bundle(bundle, manifest_for(spec), files_for("detection", spec))
    Image.fromarray(part_image(0)).save(image)
    out = run(FIRST_PREDICTION, json.dumps(MODULES), str(bundle), str(image))
    outcome, loaded = json.loads(out.splitlines()[-1])
    assert outcome == "NG"
    assert {"onnxruntime", "numpy", "PIL"} <= set(loaded)
    assert [name for name in FORBIDDEN if name in loaded] == []


def test_a_device_without_onnxruntime_is_told_what_to_install():
    out = run(WITHOUT_ONNXRUNTIME)
    assert out.startswith("MissingExtraError running a bundle needs onnxruntime")
    assert 'pip install "pitmark[edge]"' in out


@pytest.mark.parametrize("module", MODULES)
def test_every_module_of_the_edge_loads_alone(module):
    run(f"import pitmark.edge.{module}")
