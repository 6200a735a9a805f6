"""Int8 graphs that take images as bytes say what those that take numbers say."""

import numpy as np
import pytest

from pitmark.core.preprocess import ByteScale, PreprocessSpec, cut
from pitmark.edge.network import Network
from pitmark.train.export import export_fp32, max_disagreement
from tests.train.runs import tiny, trained
from tests.train.toys import good_only, mixed

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from pitmark.train.byte_input import (  # noqa: E402
    group_columns,
    steps_of,
    take_bytes,
    takes_bytes_well,
)
from pitmark.train.int8 import EXTENTS, export_int8  # noqa: E402

helper, numpy_helper = onnx.helper, onnx.numpy_helper
SCALE = PreprocessSpec((96, 64)).byte_scale
EVEN = ByteScale(step=0.01, zero=100, rest=0.0)
rng = np.random.default_rng(0)


def graph_of(*, kernel=3, relu=True, stride=2, also=None):
    """A convolution of images (b, 3, 64, 96), and what else looks at them."""
    weights = rng.normal(size=(5, 3, kernel, kernel)).astype(np.float32)
    bias = rng.normal(size=5).astype(np.float32)
    nodes = [
        helper.make_node(
            "Conv", ["images", "w", "b"], ["seen" if relu else "out"], name="conv",
            strides=[stride] * 2, pads=[kernel // 2] * 4,
        )
    ]  # fmt: skip
    nodes += [helper.make_node("Relu", ["seen"], ["out"], name="relu")] if relu else []
    nodes += [helper.make_node(also, ["images"], ["more"], name="more")] if also else []
    kind = onnx.TensorProto.FLOAT
    return helper.make_model(
        helper.make_graph(
            nodes,
            "toy",
            [helper.make_tensor_value_info("images", kind, ["b", 3, 64, 96])],
            [helper.make_tensor_value_info("out", kind, None)],
            [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(bias, "b")],
        ),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=9,
    )


def answer(proto, images):
    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"images": images})[0]


@pytest.mark.parametrize("relu", [True, False])
def test_columns_in_groups_give_what_single_ones_gave(relu):
    proto, grouped = graph_of(relu=relu), onnx.ModelProto()
    grouped.CopyFrom(proto)
    group_columns(grouped, "images", EVEN)
    images = rng.normal(size=(2, 3, 64, 96)).astype(np.float32)
    one, other = answer(proto, images), answer(grouped, steps_of(images, EVEN))
    assert one.shape == other.shape == (2, 5, 32, 48)
    np.testing.assert_allclose(one, other, atol=1e-5)
    used = {name for node in grouped.graph.node for name in node.input}
    assert {t.name for t in grouped.graph.initializer} <= used


def test_what_the_next_byte_is_off_is_made_up_for_but_at_the_rim():
    proto, grouped = graph_of(), onnx.ModelProto()
    grouped.CopyFrom(proto)
    group_columns(grouped, "images", SCALE)
    images = rng.normal(size=(1, 3, 64, 96)).astype(np.float32)
    one, other = answer(proto, images), answer(grouped, steps_of(images, SCALE))
    assert SCALE.rest > 0
    np.testing.assert_allclose(one[..., 1:, 1:], other[..., 1:, 1:], atol=1e-5)
    assert 1e-4 < np.abs(one - other).max() < 0.1


@pytest.mark.parametrize(
    "changes", [{"kernel": 7}, {"stride": 1}, {"also": "GlobalAveragePool"}, {"also": "Conv"}]
)
def test_other_graphs_are_told_apart(changes):
    assert takes_bytes_well(graph_of(), "images")
    if changes.get("also") == "Conv":
        proto = graph_of()
        other = proto.graph.node.add()
        other.CopyFrom(proto.graph.node[0])
        other.output[0] = other.name = "other"
    else:
        proto = graph_of(**changes)
    assert not takes_bytes_well(proto, "images")


def test_a_graph_that_was_not_quantized_cannot_take_bytes():
    proto = graph_of()
    group_columns(proto, "images", SCALE)
    with pytest.raises(ValueError, match="goes into Conv, not into QuantizeLinear"):
        take_bytes(proto, "images")


def exported(task):
    toys = good_only(6) if task == "anomaly" else mixed(task, per_kind=2)
    model = trained(toys, tiny(input_wh=(96, 64), network="small"))
    pixels = list(toys.pixels.values())
    patches = np.concatenate([cut(p, model.spec.preprocess).data for p in pixels])
    return model, export_fp32(model), pixels, patches


@pytest.mark.parametrize("task", ["detection", "segmentation"])
def test_a_model_of_bytes_stays_near_the_trained_one(task):
    model, data, pixels, patches = exported(task)
    scale = model.spec.preprocess.byte_scale
    for extent in EXTENTS:
        made = export_int8(data, patches, extent=extent, scale=scale)
        (images,) = onnx.load_from_string(made).graph.input
        assert images.type.tensor_type.elem_type == onnx.TensorProto.UINT8
        network = Network(made, model.spec, name="m")
        assert network.takes_bytes
        found = [cut(p, model.spec.preprocess) for p in pixels]
        theirs = [network.run(f) for f in found]
        ours = [model.run(f) for f in found]
        assert max(map(max_disagreement, theirs, ours)) < 0.2
        # Bytes are as exact as numbers: nothing beyond what int8 costs anyway.
        assert all(np.isfinite(v).all() for o in theirs for v in o.values())


@pytest.mark.parametrize("task", ["classification", "anomaly"])
def test_models_that_look_at_pixels_elsewhere_go_on_taking_numbers(task):
    model, data, pixels, patches = exported(task)
    made = export_int8(data, patches, scale=model.spec.preprocess.byte_scale)
    network = Network(made, model.spec, name="m")
    assert not network.takes_bytes
    assert network.predict(pixels[0]).embedding.size


def test_without_a_scale_a_model_takes_numbers():
    model, data, _, patches = exported("detection")
    assert not Network(export_int8(data, patches), model.spec, name="m").takes_bytes
