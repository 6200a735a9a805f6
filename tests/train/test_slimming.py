import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from pitmark.train.slimming import join_convolutions, slim, spread_softplus  # noqa: E402

helper, numpy_helper = onnx.helper, onnx.numpy_helper
FLOAT = onnx.TensorProto.FLOAT


def model(nodes, constants, outputs, *, channels=4):
    return helper.make_model(
        helper.make_graph(
            nodes,
            "toy",
            [helper.make_tensor_value_info("images", FLOAT, ["b", channels, 8, 8])],
            [helper.make_tensor_value_info(n, FLOAT, None) for n in outputs],
            [
                numpy_helper.from_array(np.asarray(v, np.float32), n)
                for n, v in constants.items()
            ],
        ),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=9,
    )


def answers(proto, images):
    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"images": images})


def kinds(proto):
    return [n.op_type for n in proto.graph.node]


def conv(inputs, output, *, pads=1):
    return helper.make_node("Conv", inputs, [output], name=f"node_{output}", pads=[pads] * 4)


def random_weights(*shapes):
    rng = np.random.default_rng(0)
    return [rng.normal(size=s).astype(np.float32) for s in shapes]


def two_levels():
    """Two levels that share the weights of scores and sides, as a pyramid's do."""
    score, sides, score_bias, sides_bias = random_weights((6, 4, 3, 3), (4, 4, 3, 3), 6, 4)
    nodes = [
        helper.make_node("Relu", ["images"], ["fine"], name="fine"),
        helper.make_node(
            "AveragePool", ["images"], ["coarse"], name="coarse", kernel_shape=[2, 2],
            strides=[2, 2],
        ),
    ]  # fmt: skip
    for level in ("fine", "coarse"):
        nodes += [
            conv([level, "score", "score_bias"], f"{level}_score"),
            conv([level, "sides", "sides_bias"], f"{level}_sides"),
        ]
    constants = {
        "score": score,
        "sides": sides,
        "score_bias": score_bias,
        "sides_bias": sides_bias,
    }
    outputs = [n.output[0] for n in nodes if n.op_type == "Conv"]
    return model(nodes, constants, outputs)


def test_convolutions_of_one_input_are_computed_at_once_and_say_the_same():
    proto, joined = two_levels(), two_levels()
    join_convolutions(joined)
    assert kinds(joined).count("Conv") == 2
    assert kinds(joined).count("Split") == 2
    images = np.random.default_rng(1).normal(size=(3, 4, 8, 8)).astype(np.float32)
    for one, other in zip(answers(proto, images), answers(joined, images), strict=True):
        assert one.shape == other.shape
        assert np.abs(one - other).max() < 1e-5


def test_weights_that_levels_share_are_joined_once_and_nothing_unused_stays():
    joined = two_levels()
    join_convolutions(joined)
    names = [t.name for t in joined.graph.initializer]
    assert names.count("score+sides") == 1
    used = {name for n in joined.graph.node for name in n.input}
    assert set(names) <= used
    assert "score" not in names


@pytest.mark.parametrize(("classes", "channels"), [(6, 16), (12, 16), (15, 20), (16, 20)])
def test_a_joined_convolution_is_filled_up_to_a_width_that_is_fast_in_int8(classes, channels):
    score, sides = random_weights((classes, 4, 3, 3), (4, 4, 3, 3))
    nodes = [conv(["images", "score"], "a"), conv(["images", "sides"], "b")]
    proto = model(nodes, {"score": score, "sides": sides}, ["a", "b"])
    join_convolutions(proto)
    (weights,) = (t for t in proto.graph.initializer if t.name == "score+sides")
    assert weights.dims[0] == channels
    images = np.ones((1, 4, 8, 8), np.float32)
    assert [a.shape[1] for a in answers(proto, images)] == [classes, 4]


def test_convolutions_of_other_kernels_or_inputs_stay_apart():
    wide, point = random_weights((4, 4, 3, 3), (4, 4, 1, 1))
    nodes = [
        conv(["images", "wide"], "a"),
        conv(["images", "point"], "b", pads=0),
        conv(["a", "wide"], "c"),
    ]
    proto = model(nodes, {"wide": wide, "point": point}, ["b", "c"])
    before = kinds(proto)
    join_convolutions(proto)
    assert kinds(proto) == before


def guarded_softplus():
    """As torch exports it: x itself beyond a threshold."""
    nodes = [
        helper.make_node("Softplus", ["images"], ["soft"], name="soft"),
        helper.make_node("Greater", ["images", "limit"], ["large"], name="large"),
        helper.make_node("Where", ["large", "images", "soft"], ["out"], name="out"),
    ]
    return model(nodes, {"limit": np.float32(20)}, ["out"])


def test_softplus_is_the_same_for_all_sizes_of_numbers():
    proto, spread = guarded_softplus(), guarded_softplus()
    spread_softplus(spread)
    assert "Softplus" not in kinds(spread)
    assert "Where" not in kinds(spread)
    numbers = np.concatenate([np.linspace(-30, 30, 240), [-1e4, -1e-9, 0, 1e-9, 1e4, 1e30]])
    images = np.resize(numbers, (1, 4, 8, 8)).astype(np.float32)
    (one,), (other,) = answers(proto, images), answers(spread, images)
    assert np.isfinite(other).all()
    assert np.abs(one - other).max() <= 1e-6 * max(1.0, np.abs(one).max())
    assert np.allclose(one, other, rtol=1e-6, atol=2e-7)


def test_a_choice_between_other_values_is_no_softplus():
    proto = guarded_softplus()
    proto.graph.node[2].input[1] = "soft"
    before = kinds(proto)
    slim(proto)
    assert kinds(proto) == before
