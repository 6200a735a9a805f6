"""An int8 version of an exported network, for devices that count in whole numbers.

Static, per channel, as pairs of quantize and dequantize nodes that a runtime fuses into
what lies between them. A ReLU is not computed at all: the range of what comes before it
begins at zero.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from pitmark.core.errors import InvalidInputError
from pitmark.core.preprocess import ByteScale
from pitmark.train import byte_input
from pitmark.train.export import INPUT_NAME, REFERENCE_NAME

Extent = Literal["whole", "inner"]
# In order of preference.
EXTENTS: tuple[Extent, ...] = ("whole", "inner")
# What the names of a network's parameters hold, folded into each other or not.
_PARTS = ("backbone.", "head.")
_QUANTIZED = ("Conv", "Relu", "Add", "MaxPool", "Resize")
# What brings images given as bytes to the first convolution.
_MOVING = ("Reshape", "Transpose")


def export_int8(
    fp32: bytes,
    patches: NDArray[np.float32],
    references: NDArray[np.float32] | None = None,
    *,
    extent: Extent = "inner",
    scale: ByteScale | None = None,
) -> bytes:
    """An int8 version of an ONNX file.

    Only convolutions and what lies between them become int8. The first convolution does
    so only where the graph takes bytes: made of numbers, with three channels, it would be
    no faster in int8.

    Args:
        fp32: From `export_fp32`.
        patches: (N, 3, H, W) as the network sees them, with the rare defects among them.
        references: The same of their references, for a network that compares.
        extent: "whole" quantizes the last convolutions too; with "inner" they, whose
            outputs are scores and distances, stay in fp32.
        scale: What a byte of an image stands for. With it, and where nothing but the first
            convolution looks at images, the file takes them as bytes (B, H, W, 3).

    Returns:
        Bytes of the file.

    Raises:
        InvalidInputError: There is no patch to calibrate with.
    """
    if patches.ndim != 4 or not len(patches):
        raise InvalidInputError(
            f"int8 needs patches (N, 3, H, W) to calibrate with, found {patches.shape}"
        )
    with tempfile.TemporaryDirectory() as folder:
        source, prepared, target = (Path(folder) / n for n in ("a.onnx", "b.onnx", "c.onnx"))
        source.write_bytes(fp32)
        with _quiet_root():
            quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
            graph = onnx.load(prepared)
            if not byte_input.takes_bytes_well(graph, INPUT_NAME):
                scale = None
            if scale is not None:
                byte_input.group_columns(graph, INPUT_NAME, scale)
                patches = byte_input.steps_of(patches, scale)
                onnx.save(graph, prepared)
            quantize_static(
                str(prepared),
                str(target),
                _Patches(patches, references),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=[*_QUANTIZED, *(_MOVING if scale else ())],
                per_channel=True,
                reduce_range=False,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                nodes_to_exclude=fp32_nodes(graph, extent, first=scale is None),
                calibrate_method=CalibrationMethod.MinMax,
                extra_options={"ActivationSymmetric": False, **_fixed(scale)},
            )
        made = onnx.load(target)
        if scale is not None:
            byte_input.take_bytes(made, INPUT_NAME)
        return bytes(made.SerializeToString())


def _fixed(scale: ByteScale | None) -> dict[str, Any]:
    """The option by which images keep the steps of their bytes."""
    if scale is None:
        return {}
    steps = {
        "quant_type": QuantType.QUInt8,
        "scale": np.array(scale.step, dtype=np.float32),
        "zero_point": np.array(scale.zero, dtype=np.uint8),
    }
    return {"TensorQuantOverrides": {byte_input.GROUPED: [steps]}}


def fp32_nodes(proto: onnx.ModelProto, extent: Extent, *, first: bool = True) -> list[str]:
    """Names of the nodes that stay in fp32.

    Those are the first convolution and the end of the graph, where scores and distances
    are computed; the end of the backbone, which a head may not look at, is none of it.
    Convolutions that nobody learned stay, too: logarithms of small numbers follow them.

    Args:
        proto: The graph.
        extent: "inner" leaves the last convolutions of the head in fp32, too.
        first: Whether the first convolution stays in fp32.

    Returns:
        Node names.
    """
    graph = proto.graph
    fixed = [n.name for n in graph.node if n.op_type == "Conv" and not _is_learned(n)]
    leads = _leading_to_convolution(graph)
    body = _body(graph, leads)
    start = next((n.name for n in graph.node if n.op_type == "Conv"), None)
    kept = [
        n.name
        for n in graph.node
        if n.output[0] not in body and (extent == "inner" or n.op_type != "Conv")
    ]
    return sorted({*([start] if first and start else []), *kept, *fixed})


def _is_learned(convolution: onnx.NodeProto) -> bool:
    """Whether its weights are part of the network; the waves of `cell_light` are not."""
    weights: str = convolution.input[1]
    return any(part in weights for part in _PARTS)


def _leading_to_convolution(graph: onnx.GraphProto) -> set[str]:
    """First outputs of the nodes that a convolution follows."""
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    leads: set[str] = set()
    for node in reversed(graph.node):
        after = [u for name in node.output for u in users.get(name, [])]
        if any(u.op_type == "Conv" or u.output[0] in leads for u in after):
            leads.add(node.output[0])
    return leads


def _body(graph: onnx.GraphProto, leads: set[str]) -> set[str]:
    """First outputs of the nodes before the end: convolutions and what joins them."""
    body: set[str] = set()
    for node in graph.node:
        joins = node.op_type in ("Add", "Relu") and body.issuperset(node.input)
        last = node.op_type == "Conv" and node.input[1].startswith("head.")
        if node.output[0] in leads or joins or (node.op_type == "Conv" and not last):
            body.add(node.output[0])
    return body


class _Patches(CalibrationDataReader):  # type: ignore[misc]
    """Calibration patches one by one, with their references where there are such."""

    def __init__(
        self, patches: NDArray[np.float32], references: NDArray[np.float32] | None
    ) -> None:
        given = {INPUT_NAME: patches}
        given |= {} if references is None else {REFERENCE_NAME: references}
        ready = {n: np.ascontiguousarray(a, dtype=np.float32) for n, a in given.items()}
        self._left = iter(
            [{n: a[i : i + 1] for n, a in ready.items()} for i in range(len(patches))]
        )

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next inputs, or None at the end."""
        return next(self._left, None)


@contextmanager
def _quiet_root() -> Iterator[None]:
    """onnxruntime advises through the root logger what has been done already."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)
