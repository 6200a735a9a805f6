"""Networks as ONNX files that need nothing else.

The graph takes `images` (B, 3, H, W), already preprocessed, of the size the model was
trained for and any B, and where it compares `references` like them. It gives the outputs
named in `core.assemble`. Suppression of overlapping boxes stays outside.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from pitmark.core.assemble import OUTPUT_NAMES
from pitmark.train.backbone import ConvNorm
from pitmark.train.model import TrainedModel
from pitmark.train.network import Network
from pitmark.train.slimming import slim

INPUT_NAME = "images"
REFERENCE_NAME = "references"
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
    inputs = [INPUT_NAME, *([REFERENCE_NAME] if model.spec.reference else [])]
    batch = torch.export.Dim("batch", min=1)
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            network,
            tuple(torch.zeros(2, 3, height, width) for _ in inputs),
            input_names=inputs,
            output_names=names,
            dynamic_shapes={name: {0: batch} for name in inputs},
            opset_version=_OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    proto = program.model_proto
    proto.ir_version = min(proto.ir_version, _IR_VERSION)
    slim(proto)
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
        # Images and references are one batch: their axis has one name.
        warnings.filterwarnings("ignore", message=".*axis name: batch will not be used")
        try:
            yield
        finally:
            logger.setLevel(level)


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
