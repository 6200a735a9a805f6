import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pitmark.core.assemble import OUTPUT_NAMES
from pitmark.core.preprocess import cut
from pitmark.train.export import export_fp32, max_disagreement
from pitmark.train.quick import quick_fit
from tests.train.runs import TASKS, planned, tiny, trained
from tests.train.toys import good_only, mixed

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


def run_onnx(data, patches):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    return dict(zip(names, session.run(None, {"images": patches}), strict=True))


@pytest.fixture(scope="module", params=TASKS)
def exported(request):
    """A trained model of each task, its ONNX file, and patches of its images."""
    task = request.param
    toys = good_only(6) if task == "anomaly" else mixed(task, per_kind=2)
    model = trained(toys, tiny(input_wh=(96, 64), image_steps=80))
    spec = model.spec.preprocess
    patches = np.concatenate([cut(p, spec).data for p in toys.pixels.values()])
    return model, export_fp32(model), patches


def test_torch_and_onnx_agree_at_any_batch_size(exported):
    model, data, patches = exported
    for count in (1, len(patches)):
        theirs, ours = run_onnx(data, patches[:count]), model.run(patches[:count])
        assert tuple(theirs) == OUTPUT_NAMES[model.spec.task]
        for name, value in ours.items():
            assert value.shape == theirs[name].shape
            limit = 1e-3 * (64 if name == "boxes" else 1)
            assert np.abs(value - theirs[name]).max() < limit


def test_the_file_needs_nothing_else_and_tells_nothing_of_this_machine(exported):
    _, data, _ = exported
    proto = onnx.load_from_string(data)
    assert not any(t.external_data for t in proto.graph.initializer)
    assert b"site-packages" not in data
    assert str(Path(__file__).parents[2]).encode() not in data
    assert {o.domain for o in proto.opset_import} <= {"", "ai.onnx"}


def test_a_quick_model_exports_like_any_other():
    toys = mixed("detection", per_kind=2)
    model = quick_fit(toys.images, toys.load, planned(toys), tiny())
    patches = cut(toys.load(toys.images[1].image.sha256), model.spec.preprocess).data
    theirs = run_onnx(export_fp32(model), patches)
    assert max_disagreement(theirs, model.run(patches)) < 1e-3


def test_a_model_that_was_exported_before_it_ever_ran_still_runs(tmp_path):
    toys = mixed("classification", per_kind=2)
    model = quick_fit(toys.images, toys.load, planned(toys), tiny())
    (tmp_path / "model").write_bytes(model.to_bytes())
    script = (
        "import sys, numpy as np; from pathlib import Path\n"
        "from pitmark.train.export import export_fp32\n"
        "from pitmark.train.model import TrainedModel\n"
        "model = TrainedModel.from_bytes(Path(sys.argv[1]).read_bytes()); export_fp32(model)\n"
        "print(model.predict(np.zeros((64, 64), np.uint8)).class_probs.sum())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "model")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(done.stdout.split()[-1]) == pytest.approx(1, abs=1e-5)
