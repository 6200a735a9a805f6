import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.core.preprocess import cut
from pitmark.train.export import export_fp32, max_disagreement
from tests.train.runs import TASKS, tiny, trained
from tests.train.toys import good_only, mixed

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from pitmark.train.int8 import EXTENTS, export_int8, fp32_nodes  # noqa: E402
from tests.train.test_export import run_onnx  # noqa: E402

# How many convolutions of a head give its answers; one to scores and sides per level.
LAST = {"classification": 2, "detection": 4, "segmentation": 1, "anomaly": 1}


@pytest.fixture(scope="module", params=TASKS)
def exported(request):
    """A trained model of each task, its ONNX file, and patches of its images."""
    task = request.param
    toys = good_only(6) if task == "anomaly" else mixed(task, per_kind=2)
    model = trained(toys, tiny(input_wh=(96, 64), network="small"))
    patches = np.concatenate([cut(p, model.spec.preprocess).data for p in toys.pixels.values()])
    return model, export_fp32(model), patches


def convolutions(data):
    """Names of the convolutions whose weights are int8, and of those in fp32."""
    proto = onnx.load_from_string(data)
    made = {name: n for n in proto.graph.node for name in n.output}
    found = {True: [], False: []}
    for node in proto.graph.node:
        if node.op_type == "Conv":
            source = made.get(node.input[1])
            quantized = source is not None and source.op_type == "DequantizeLinear"
            found[quantized].append(node.name)
    return found[True], found[False]


@pytest.mark.parametrize("extent", EXTENTS)
def test_int8_stays_near_fp32_and_is_smaller(exported, extent):
    model, data, patches = exported
    small = export_int8(data, patches, extent=extent)
    assert len(small) < 0.6 * len(data)
    theirs, ours = run_onnx(small, patches), model.run(patches)
    if model.spec.task == "anomaly":
        # Distances to remembered features amplify rounding in single cells.
        assert np.abs(theirs["maps"] - ours["maps"]).mean() < 0.05
        assert np.abs(theirs["score"] - ours["score"]).max() < 0.2
    else:
        assert max_disagreement(theirs, ours) < 0.2


def test_the_first_convolution_stays_in_fp32_and_the_last_ones_only_by_choice(exported):
    model, data, patches = exported
    whole, first = convolutions(export_int8(data, patches, extent="whole"))
    inner, ends = convolutions(export_int8(data, patches, extent="inner"))
    # The waves that classification sees were never learned.
    assert len(first) == (6 if model.spec.task == "classification" else 1)
    # At this size detection looks at stride 4 too; then there are four levels.
    levels = len(getattr(model.network.head, "strides", ()))
    assert len(ends) == len(first) + (levels or LAST[model.spec.task])
    assert set(first) < set(ends)
    assert len(whole) + len(first) == len(inner) + len(ends)


def test_a_relu_between_whole_numbers_is_the_beginning_of_their_range(exported):
    _, data, patches = exported
    proto = onnx.load_from_string(export_int8(data, patches, extent="whole"))
    relus = [n for n in proto.graph.node if n.op_type == "Relu"]
    made = {name: n for n in proto.graph.node for name in n.output}
    sources = [made[n.input[0]].op_type for n in relus]
    before = [n.op_type for n in onnx.load_from_string(data).graph.node].count("Relu")
    assert len(relus) < before / 4
    assert "DequantizeLinear" not in sources or len(relus) <= 2


def test_the_nodes_in_fp32_are_the_same_at_every_look(exported):
    _, data, _ = exported
    found = {tuple(fp32_nodes(onnx.load_from_string(data), "inner")) for _ in range(5)}
    assert len(found) == 1


def test_nothing_after_the_last_convolutions_is_quantized(exported):
    _, data, patches = exported
    proto = onnx.load_from_string(export_int8(data, patches, extent="inner"))
    users = {}
    for node in proto.graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    _, ends = convolutions(proto.SerializeToString())
    todo = [n for n in proto.graph.node if n.name in ends[1:]]
    while todo:
        node = todo.pop()
        assert node.op_type not in ("QuantizeLinear", "DequantizeLinear")
        todo += [u for name in node.output for u in users.get(name, [])]


def test_int8_without_calibration_patches_is_refused():
    with pytest.raises(InvalidInputError, match="int8 needs patches"):
        export_int8(b"", np.zeros((0, 3, 64, 64), dtype=np.float32))


def test_waves_that_nobody_learned_stay_in_fp32(exported):
    model, data, _ = exported
    proto = onnx.load_from_string(data)
    learned = {name for name, _ in model.network.named_parameters()}
    weights = {n.name: n.input[1] for n in proto.graph.node if n.op_type == "Conv"}
    # Convolutions of the same input are computed as one.
    waves = [name for name, w in weights.items() if not learned.issuperset(w.split("+"))]
    assert len(waves) == (5 if model.spec.task == "classification" else 0)
    for extent in EXTENTS:
        assert set(waves) <= set(fp32_nodes(proto, extent))
