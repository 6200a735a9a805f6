"""Exported graphs with the same outputs for less work.

What the exporter writes is what the network says, operation by operation. Here those
operations are replaced that a runtime on a CPU does slowly and that have a cheaper equal.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper

Nodes = list[onnx.NodeProto]
# Below this many channels that come out, and where they are no multiple of that many,
# int8 convolutions of ONNX Runtime take a slower way.
_LEAST_CHANNELS = 16
_CHANNEL_STEP = 4


def slim(proto: onnx.ModelProto) -> None:
    """Replace operations by cheaper equals.

    Args:
        proto: Changed in place.
    """
    join_convolutions(proto)
    spread_softplus(proto)


def join_convolutions(proto: onnx.ModelProto) -> None:
    """Compute convolutions of the same input at once, and split what comes out.

    Runtimes pad the channels that come out to a multiple of their vectors: a convolution
    to six classes and one to four sides cost as much as two of sixteen channels each. The
    joined one is filled up with channels of zeros that nobody reads.

    Args:
        proto: Changed in place; only convolutions of the same kernel and steps are joined.
    """
    graph = proto.graph
    known = {t.name: t for t in graph.initializer}
    siblings: dict[tuple[object, ...], Nodes] = {}
    for node in graph.node:
        if node.op_type == "Conv" and all(name in known for name in node.input[1:]):
            shape = tuple(known[node.input[1]].dims)[1:]
            how = sorted(a.SerializeToString() for a in node.attribute)
            key = (node.input[0], shape, len(node.input), *how)
            siblings.setdefault(key, []).append(node)
    for group in siblings.values():
        if len(group) > 1:
            _join(graph, group, known)
    drop_unused(graph)


def _join(graph: onnx.GraphProto, group: Nodes, known: dict[str, onnx.TensorProto]) -> None:
    first = group[0]
    inputs = [first.input[0]]
    widths = [known[n.input[1]].dims[0] for n in group]
    spare = max(_LEAST_CHANNELS, -(-sum(widths) // _CHANNEL_STEP) * _CHANNEL_STEP) - sum(widths)
    for place in range(1, len(first.input)):
        parts = [numpy_helper.to_array(known[n.input[place]]) for n in group]
        parts += [np.zeros((spare, *parts[0].shape[1:]), parts[0].dtype)] if spare else []
        name = "+".join(n.input[place] for n in group)
        # The same weights may be joined again, on another level of a pyramid.
        if name not in known:
            known[name] = numpy_helper.from_array(np.concatenate(parts), name)
            graph.initializer.append(known[name])
        inputs.append(name)
    together = f"{first.output[0]}_joined"
    outputs = [n.output[0] for n in group]
    if spare:
        widths, outputs = [*widths, spare], [*outputs, f"{together}_spare"]
    sizes = np.array(widths, dtype=np.int64)
    graph.initializer.append(numpy_helper.from_array(sizes, f"{together}_widths"))
    joined = helper.make_node("Conv", inputs, [together], name=f"{first.name}_joined")
    joined.attribute.extend(first.attribute)
    split = helper.make_node(
        "Split",
        [together, f"{together}_widths"],
        outputs,
        name=f"{first.name}_split",
        axis=1,
    )
    _replace(graph, group, [joined, split])


def spread_softplus(proto: onnx.ModelProto) -> None:
    """Write log(1 + exp(x)) as max(x, 0) + log(1 + exp(-|x|)).

    The exporter guards it against large values, which this form needs not; and its parts
    are vectorized by runtimes, where the whole is not.

    Args:
        proto: Changed in place.
    """
    graph = proto.graph
    made = {name: node for node in graph.node for name in node.output}
    for node in list(graph.node):
        guarded = node.op_type == "Where" and _is_softplus(node, made)
        if not guarded:
            continue
        x, out = node.input[1], node.output[0]
        one = f"{out}_one"
        graph.initializer.append(numpy_helper.from_array(np.float32(1), one))
        steps = (
            ("Abs", [x]), ("Neg", ["Abs"]), ("Exp", ["Neg"]), ("Add", ["Exp", one]),
            ("Log", ["Add"]), ("Relu", [x]),
        )  # fmt: skip
        names = {kind: f"{out}_{kind.lower()}" for kind, _ in steps}
        parts = [
            helper.make_node(
                kind, [names.get(i, i) for i in inputs], [names[kind]], name=names[kind]
            )
            for kind, inputs in steps
        ]
        total = helper.make_node("Add", [names["Relu"], names["Log"]], [out], name=node.name)
        unguarded, guard = made[node.input[2]], made[node.input[0]]
        _replace(graph, [node], [*parts, total])
        for left in (unguarded, guard):
            graph.node.remove(left)
    drop_unused(graph)


def _is_softplus(node: onnx.NodeProto, made: dict[str, onnx.NodeProto]) -> bool:
    """Whether a node gives x beyond a threshold and softplus(x) below it."""
    guard, other = made.get(node.input[0]), made.get(node.input[2])
    return (
        guard is not None
        and other is not None
        and (guard.op_type, other.op_type) == ("Greater", "Softplus")
        and guard.input[0] == other.input[0] == node.input[1]
    )


def _replace(graph: onnx.GraphProto, old: Nodes, new: Sequence[onnx.NodeProto]) -> None:
    """Put nodes where the first of the old ones stood."""
    at = next(i for i, n in enumerate(graph.node) if n.output[0] == old[0].output[0])
    for node in reversed(new):
        graph.node.insert(at, node)
    for node in old:
        graph.node.remove(node)


def drop_unused(graph: onnx.GraphProto) -> None:
    """Leave out constants that no node reads any more.

    Args:
        graph: Changed in place.
    """
    used = {name for node in graph.node for name in node.input}
    used |= {value.name for value in graph.output}
    for tensor in [t for t in graph.initializer if t.name not in used]:
        graph.initializer.remove(tensor)
