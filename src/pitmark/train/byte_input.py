"""Graphs that take images as bytes, channels last, as cameras give them.

Nothing is normalized or brought into another layout any more, and the first convolution
counts in whole numbers like all others.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from pitmark.core.preprocess import ByteScale
from pitmark.train.slimming import drop_unused

# The name of what the first convolution sees.
GROUPED = "images_grouped"
# Pixels of a row that become one with four times the channels: runtimes are fast in int8
# where the channels are a multiple of four, and three are not.
_GROUP = 4
_CHANNELS = 3
_BEFORE = {"strides": [2, 2], "pads": [1, 1, 1, 1]}
_AFTER = {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 1, 0, 0]}
_TO_LAST, _TO_FIRST = [0, 2, 3, 1], [0, 3, 1, 2]


def takes_bytes_well(proto: onnx.ModelProto, input_name: str) -> bool:
    """Whether nothing but a 3x3 convolution of stride 2 looks at the images.

    Args:
        proto: The graph, with images (B, 3, H, W).
        input_name: Of the images.

    Returns:
        False where pixels are looked at elsewhere, too, and for other backbones.
    """
    readers = [n for n in proto.graph.node if input_name in n.input]
    if [n.op_type for n in readers] != ["Conv"]:
        return False
    shapes = {t.name: tuple(t.dims) for t in proto.graph.initializer}
    how = {a.name: helper.get_attribute_value(a) for a in readers[0].attribute}
    weights, *bias = readers[0].input[1:]
    return (
        shapes.get(weights, ())[1:] == (_CHANNELS, 3, 3)
        and all(name in shapes for name in bias)
        and len(bias) == 1
        and all(list(how.get(name, [])) == value for name, value in _BEFORE.items())
    )


def group_columns(proto: onnx.ModelProto, input_name: str, scale: ByteScale) -> None:
    """Let a graph take images (B, H, W, 3), from `steps_of`, and compute the same.

    Four neighbors of a row become one pixel of twelve channels, which costs nothing where
    channels come last. Two neighbors of the result come out as one, and are parted again.

    Args:
        proto: Changed in place; must be one of which `takes_bytes_well` says so.
        input_name: Of the images.
        scale: What a byte stands for.
    """
    graph = proto.graph
    conv = next(n for n in graph.node if input_name in n.input)
    users = [n for n in graph.node if conv.output[0] in n.input]
    last = users[0] if [n.op_type for n in users] == ["Relu"] else conv
    known = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    weights, bias = (known[name] for name in conv.input[1:])
    high, wide = _put_channels_last(graph, input_name)
    out, together = last.output[0], f"{last.output[0]}_grouped"
    constants = {
        f"{conv.input[1]}_grouped": _grouped(weights),
        f"{conv.input[2]}_grouped": np.tile(
            bias + np.float32(scale.rest) * weights.sum((1, 2, 3)), 2
        ),
        f"{input_name}_shape": np.array([0, high, wide // _GROUP, _GROUP * _CHANNELS]),
        f"{out}_shape": np.array([0, high // 2, wide // 2, len(weights)]),
    }
    graph.initializer.extend(numpy_helper.from_array(v, n) for n, v in constants.items())
    *parameters, in_shape, out_shape = constants
    last.output[0] = together
    conv.input[:] = [GROUPED, *parameters]
    del conv.attribute[:]
    conv.attribute.extend(helper.make_attribute(k, v) for k, v in _AFTER.items())
    at = list(graph.node).index(last) + 1
    moved = [f"{together}_last", f"{together}_parted"]
    _insert(graph, at, "Transpose", [together], moved[0], perm=_TO_LAST)
    _insert(graph, at + 1, "Reshape", [moved[0], out_shape], moved[1])
    _insert(graph, at + 2, "Transpose", [moved[1]], out, perm=_TO_FIRST)
    at = list(graph.node).index(conv)
    _insert(graph, at, "Reshape", [input_name, in_shape], f"{input_name}_rows")
    _insert(graph, at + 1, "Transpose", [f"{input_name}_rows"], GROUPED, perm=_TO_FIRST)
    drop_unused(graph)
    del graph.value_info[:]


def steps_of(patches: NDArray[np.float32], scale: ByteScale) -> NDArray[np.float32]:
    """Patches as a graph with grouped columns takes them.

    Args:
        patches: (N, 3, H, W), normalized.
        scale: What a byte stands for.

    Returns:
        (N, H, W, 3), whole multiples of `scale.step` where the pixels were bytes.
    """
    return np.ascontiguousarray((patches - np.float32(scale.rest)).transpose(0, 2, 3, 1))


def take_bytes(proto: onnx.ModelProto, input_name: str) -> None:
    """Let a graph with grouped columns, once it is quantized, take bytes.

    Args:
        proto: Changed in place: it makes bytes of its grouped columns no more.
        input_name: Of the images.
    """
    graph = proto.graph
    (quantize,) = (n for n in graph.node if GROUPED in n.input)
    if quantize.op_type != "QuantizeLinear":
        raise ValueError(f"{GROUPED} goes into {quantize.op_type}, not into QuantizeLinear")
    for node in graph.node:
        node.input[:] = [GROUPED if n == quantize.output[0] else n for n in node.input]
    graph.node.remove(quantize)
    images = next(v for v in graph.input if v.name == input_name)
    images.type.tensor_type.elem_type = onnx.TensorProto.UINT8
    del graph.value_info[:]


def _put_channels_last(graph: onnx.GraphProto, input_name: str) -> tuple[int, int]:
    """Declare the input (B, H, W, 3); gives H and W."""
    images = next(v for v in graph.input if v.name == input_name)
    batch, _, high, wide = images.type.tensor_type.shape.dim
    size = (high.dim_value, wide.dim_value)
    shape = [batch.dim_param, *size, _CHANNELS]
    kind = images.type.tensor_type.elem_type
    images.CopyFrom(helper.make_tensor_value_info(input_name, kind, shape))
    return size


def _grouped(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights (M, 3, 3, 3) to (2 M, 12, 3, 2): of pixels to those of groups of four.

    A group gives two outputs. They see the group itself, which is the second column of
    the new kernel, and of the group before it only the last pixel.
    """
    out = np.zeros((2, len(weights), _GROUP, _CHANNELS, 3, 2), dtype=np.float32)
    for place in range(2):
        for tap in range(3):
            group, pixel = divmod(2 * place + tap - 1, _GROUP)
            out[place, :, pixel, :, :, group + 1] = weights[..., tap]
    return out.reshape(-1, _GROUP * _CHANNELS, 3, 2)


def _insert(
    graph: onnx.GraphProto,
    at: int,
    operation: str,
    inputs: list[str],
    output: str,
    **how: list[int],
) -> None:
    graph.node.insert(at, helper.make_node(operation, inputs, [output], name=output, **how))
