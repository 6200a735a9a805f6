"""Networks as ONNX files that need nothing else: fp32, and int8 for faster devices.

The graph takes `images` (B, 3, H, W), already preprocessed, of the size the model was
trained for and any B, and gives the outputs named in `core.assemble`. Suppression of
overlapping boxes stays outside.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import nn

from pitmark.core.assemble import OUTPUT_NAMES
from pitmark.core.errors import InvalidInputError
from pitmark.train.backbone import ConvNorm
from pitmark.train.model import TrainedModel
from pitmark.train.network import Network

INPUT_NAME = "images"
_OPSET = 20
_IR_VERSION = 10


def export_fp32(model: TrainedModel) -> bytes:
    """The model's network as one self-contained ONNX file.

    Args:
        model: Any trained model.

    Returns:
        Bytes of the file.
    """
    width, height = model.spec.preprocess.input_wh
    network = folded(model.network)
    names = list(OUTPUT_NAMES[model.spec.task])
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            network,
            (torch.zeros(2, 3, height, width),),
            input_names=[INPUT_NAME],
            output_names=names,
            dynamic_shapes={"images": {0: torch.export.Dim("batch", min=1)}},
            opset_version=_OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    proto = program.model_proto
    proto.ir_version = min(proto.ir_version, _IR_VERSION)
    _strip(proto)
    onnx.checker.check_model(proto)
    return bytes(proto.SerializeToString())


def folded(network: Network) -> Network:
    """A copy of a network with every norm folded into the convolution before it.

    Args:
        network: In evaluation mode.

    Returns:
        A network with the same outputs and fewer operations. The norms of the shared
        detection head differ by level and stay.
    """
    copy = deepcopy(network).eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    assert isinstance(copy, Network)
    for part in copy.modules():
        if isinstance(part, ConvNorm):
            conv, norm = part[0], part[1]
            assert isinstance(conv, nn.Conv2d)
            assert isinstance(norm, nn.BatchNorm2d)
            part[0] = nn.utils.fuse_conv_bn_eval(conv, norm)
            part[1] = nn.Identity()
    return copy


def _strip(proto: onnx.ModelProto) -> None:
    """Leave out what tells of the machine that exported: stack traces and paths."""
    for node in proto.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*proto.graph.value_info, *proto.graph.input, *proto.graph.output):
        del value.metadata_props[:]
    for tensor in proto.graph.initializer:
        del tensor.metadata_props[:]
    del proto.graph.metadata_props[:]
    del proto.metadata_props[:]


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence what the exporter says about its own internals, and nothing else."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # torch.export copies its own tree specs, whose class torch itself deprecates.
        warnings.filterwarnings("ignore", message=".*LeafSpec.*", category=FutureWarning)
        try:
            yield
        finally:
            logger.setLevel(level)


class _Patches(CalibrationDataReader):  # type: ignore[misc]
    """Calibration patches one by one."""

    def __init__(self, patches: NDArray[np.float32]) -> None:
        self._left = iter(patches)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next input, or None at the end."""
        patch = next(self._left, None)
        return None if patch is None else {INPUT_NAME: patch[None]}


def export_int8(fp32: bytes, patches: NDArray[np.float32]) -> bytes:
    """An int8 version of an ONNX file: static, per channel, quantize-dequantize nodes.

    Only convolutions and what lies between them become int8. The first convolution and
    the last ones, whose outputs are scores and distances, stay in fp32.

    Args:
        fp32: From `export_fp32`.
        patches: (N, 3, H, W) as the network sees them, with the rare defects among them.

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
            quantize_static(
                str(prepared),
                str(target),
                _Patches(np.ascontiguousarray(patches, dtype=np.float32)),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=["Conv", "Add", "MaxPool", "Resize"],
                per_channel=True,
                reduce_range=False,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                nodes_to_exclude=sensitive_nodes(onnx.load(prepared)),
                calibrate_method=CalibrationMethod.MinMax,
                extra_options={"ActivationSymmetric": False},
            )
        return target.read_bytes()


def sensitive_nodes(proto: onnx.ModelProto) -> list[str]:
    """Names of nodes that stay in fp32: the first convolution, and the end of the head.

    The end is everything that no convolution follows, but for those of the backbone.

    Args:
        proto: The graph.

    Returns:
        Node names.
    """
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in proto.graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    feeds: dict[int, bool] = {}

    def leads_to_conv(node: onnx.NodeProto) -> bool:
        if id(node) not in feeds:
            after = [u for name in node.output for u in users.get(name, [])]
            feeds[id(node)] = any(u.op_type == "Conv" or leads_to_conv(u) for u in after)
        return feeds[id(node)]

    first = next((n.name for n in proto.graph.node if n.op_type == "Conv"), None)
    last = [
        n.name
        for n in proto.graph.node
        if not leads_to_conv(n) and (n.op_type != "Conv" or n.input[1].startswith("head."))
    ]
    return [*([first] if first else []), *last]


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


def max_disagreement(
    one: dict[str, NDArray[np.float32]], other: dict[str, NDArray[np.float32]]
) -> float:
    """The largest difference between two sets of outputs, boxes and embeddings left out.

    Args:
        one: Outputs by name.
        other: Outputs of the same names and shapes.

    Returns:
        In [0, 1], as scores are.
    """
    names = [n for n in one if n not in ("boxes", "embedding")]
    return max(float(np.abs(one[n] - other[n]).max(initial=0.0)) for n in names)
