import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitmark.core.errors import BundleError
from pitmark.edge.wire_scan import refuse_external_tensors
from tests.edge.networks import TASKS, onnx, onnx_for, refusal_or


def external_tensor():
    tensor = onnx.numpy_helper.from_array(np.ones((2, 3), np.float32), "outside")
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="secret.bin")
    return tensor


def edited(change):
    model = onnx.load_from_string(onnx_for("segmentation"))
    change(model)
    return model.SerializeToString()


def as_initializer(model):
    model.graph.initializer.append(external_tensor())


def as_constant_node(model):
    node = onnx.helper.make_node("Constant", [], ["c"], value=external_tensor())
    model.graph.node.insert(0, node)


def inside_a_branch(model):
    inner = onnx.helper.make_graph([], "inner", [], [], [external_tensor()])
    node = onnx.helper.make_node("If", ["c"], ["d"], then_branch=inner, else_branch=inner)
    model.graph.node.append(node)


def inside_a_function(model):
    function = model.functions.add(name="f", domain="d")
    node = onnx.helper.make_node("Constant", [], ["c"], value=external_tensor())
    function.node.append(node)


def inside_a_sparse_tensor(model):
    sparse = model.graph.sparse_initializer.add()
    sparse.values.CopyFrom(external_tensor())


def without_the_location_flag(model):
    tensor = external_tensor()
    tensor.ClearField("data_location")
    model.graph.initializer.append(tensor)


PLACES = (
    as_initializer,
    as_constant_node,
    inside_a_branch,
    inside_a_function,
    inside_a_sparse_tensor,
    without_the_location_flag,
)


@pytest.mark.parametrize("task", TASKS)
def test_a_model_that_holds_its_weights_passes(task):
    refuse_external_tensors(onnx_for(task), name="model.fp32.onnx")


@pytest.mark.parametrize("place", PLACES, ids=lambda p: p.__name__)
def test_a_tensor_in_another_file_is_found_wherever_it_hides(place):
    with pytest.raises(BundleError, match=r"model\.fp32\.onnx keeps a tensor in another"):
        refuse_external_tensors(edited(place), name="model.fp32.onnx")


def test_a_file_that_is_cut_short_is_refused():
    data = onnx_for("detection")
    with pytest.raises(BundleError, match="cut short"):
        refuse_external_tensors(data[: len(data) // 2], name="m")


def test_an_empty_file_is_refused():
    with pytest.raises(BundleError, match="m is empty"):
        refuse_external_tensors(b"", name="m")


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=1, max_size=200))
def test_any_bytes_pass_or_are_refused_and_nothing_else(data):
    refusal = refusal_or(lambda: refuse_external_tensors(data, name="m"))
    assert refusal is None or refusal.message.startswith("m ")
