"""Tiny ONNX networks for the four tasks, with outputs that follow from the pixels."""

from __future__ import annotations

import numpy as np
import pytest

from pitmark.core.bundle import GOLDEN_NAME, MODEL_FP32, MODEL_INT8, Manifest
from pitmark.core.errors import BundleError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.label_book import ClassEntry, LabelBook
from pitmark.core.preprocess import PreprocessSpec
from pitmark.edge.golden import make_golden
from pitmark.edge.network import Network

onnx = pytest.importorskip("onnx", reason="building test networks needs onnx")
helper = onnx.helper
FLOAT = onnx.TensorProto.FLOAT

SIDE = 64
CLASSES = ("scratch", "dent")
TASKS = ("classification", "detection", "segmentation", "anomaly")


def spec_for(task, *, mode="letterbox", threshold=0.5, reference=False):
    classes = {"classification": ("good", "dent"), "anomaly": ("anomaly",)}.get(task, CLASSES)
    return InspectorSpec(
        task=task,
        classes=classes,
        good=("good",) if task == "classification" else (),
        preprocess=PreprocessSpec((SIDE, SIDE), mode=mode, overlap_px=16, mean=0.0, std=1.0),
        threshold=threshold,
        box_thresholds=(threshold,) * 2 if task == "detection" else (),
        reference=reference,
    )


def onnx_for(task, *, bias=0.0, side=SIDE, outputs=None, reference=False):
    """The bytes of a network whose score rises with brightness and with `bias`.

    With `reference` it rises with what is brighter than the reference.
    """
    graph = _Graph(["images", "references"] if reference else ["images"])
    depth = 1 if task == "anomaly" else 2
    step = 32 if task == "detection" else 4
    seen = "images"
    if reference:
        seen = "more"
        graph.add("Sub", graph.inputs, seen)
    graph.add("GlobalAveragePool", ["images"], "pooled")
    graph.add("Flatten", ["pooled"], "embedding")
    graph.add("AveragePool", [seen], "cells", kernel_shape=[step] * 2, strides=[step] * 2)
    weight = np.linspace(2.0, 3.0, depth)[:, None, None, None] * np.ones((1, 3, 1, 1))
    graph.constant("weight", weight)
    graph.constant("bias", np.linspace(-4.0, -5.0, depth) + np.eye(depth)[-1] * bias)
    graph.add("Conv", ["cells", "weight", "bias"], "logits")
    graph.add("Sigmoid", ["logits"], "cell_scores")
    _HEADS[task](graph, side)
    names = (
        outputs
        or {
            "classification": ("probs", "embedding"),
            "detection": ("scores", "boxes", "embedding"),
            "segmentation": ("maps", "embedding"),
            "anomaly": ("maps", "score", "embedding"),
        }[task]
    )
    return graph.model(names, side).SerializeToString()


def of_bytes(model):
    """The bytes of a network that takes images as bytes, for specs of mean 0 and std 1."""
    proto = onnx.load_from_string(model)
    (images,) = proto.graph.input
    batch, _, high, wide = images.type.tensor_type.shape.dim
    shape = [batch.dim_param, high.dim_value, wide.dim_value, 3]
    images.CopyFrom(helper.make_tensor_value_info("images", onnx.TensorProto.UINT8, shape))
    for node in proto.graph.node:
        node.input[:] = ["numbers" if n == "images" else n for n in node.input]
    step = onnx.numpy_helper.from_array(np.float32(1 / 255), "step")
    proto.graph.initializer.append(step)
    first = [
        helper.make_node("DequantizeLinear", ["images", "step"], ["numbers_last"]),
        helper.make_node("Transpose", ["numbers_last"], ["numbers"], perm=[0, 3, 1, 2]),
    ]
    for node in reversed(first):
        proto.graph.node.insert(0, node)
    return proto.SerializeToString()


def _classification(graph, side):
    graph.add("ReduceMax", ["logits"], "peak", keepdims=0, axes=[2, 3])
    graph.add("Softmax", ["peak"], "probs", axis=1)


def _detection(graph, side):
    cells = (side // 32) ** 2
    graph.constant("flat", np.array([0, 2, cells]), np.int64)
    graph.add("Reshape", ["cell_scores", "flat"], "by_class")
    graph.add("Transpose", ["by_class"], "scores", perm=[0, 2, 1])
    graph.add("ReduceMax", ["scores"], "best", keepdims=1, axes=[2])
    corners = [(x, y) for y in range(0, side, 32) for x in range(0, side, 32)]
    places = np.array([[x + 4, y + 6, x + 28, y + 30] for x, y in corners])
    graph.constant("places", places[None])
    graph.constant("zero", np.zeros((1, 1, 1)))
    graph.add("Mul", ["best", "zero"], "nothing")
    graph.add("Add", ["nothing", "places"], "boxes")


def _segmentation(graph, side):
    graph.add("Identity", ["cell_scores"], "maps")


def _anomaly(graph, side):
    _segmentation(graph, side)
    graph.add("ReduceMax", ["maps"], "score", keepdims=0, axes=[1, 2, 3])


_HEADS = {
    "classification": _classification,
    "detection": _detection,
    "segmentation": _segmentation,
    "anomaly": _anomaly,
}


class _Graph:
    def __init__(self, inputs):
        self.inputs = inputs
        self.nodes = []
        self.constants = []

    def add(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))

    def constant(self, name, values, kind=np.float32):
        self.constants.append(onnx.numpy_helper.from_array(np.asarray(values, kind), name))

    def model(self, outputs, side):
        shape = ["batch", 3, side, side]
        graph = helper.make_graph(
            self.nodes,
            "tiny",
            [helper.make_tensor_value_info(n, FLOAT, shape) for n in self.inputs],
            [helper.make_tensor_value_info(n, FLOAT, None) for n in outputs],
            self.constants,
        )
        opset = [helper.make_opsetid("", 17)]
        return helper.make_model(graph, opset_imports=opset, ir_version=9)


def refusal_or(read):
    """What `read` gives, or the error with which it refuses; anything else is a bug."""
    try:
        return read()
    except BundleError as error:
        return error


def part_image(seed, *, bright=True, shape=(96, 80)):
    """A dark grey part, with one bright spot where it shall be NG."""
    rng = np.random.default_rng(seed)
    image = rng.integers(40, 70, shape).astype(np.uint8)
    if bright:
        image[48:96, 0:40] = rng.integers(230, 250, (48, 40))
    return image


def manifest_for(spec, **changes):
    book = LabelBook(classes=tuple(ClassEntry(c, good=c in spec.good) for c in spec.classes))
    values = {
        "project": "casings",
        "version": 3,
        "snapshot_id": "5" * 64,
        "run_id": "run-1",
        "created": "2026-01-02T03:04:05+00:00",
        "inspector": spec,
        "label_book": book,
        "files": {},
        "tolerance": {"fp32": 1e-3, "int8": 0.05},
        "gate": {"ok": True},
    }
    return Manifest(**{**values, **changes})


def golden_for(task, spec, *, shape=(96, 80)):
    """Golden inputs with the answers of the fp32 network, one NG and one OK."""
    network = Network(onnx_for(task, reference=spec.reference), spec, name=MODEL_FP32)
    images = [part_image(seed, bright=seed % 2 == 0, shape=shape) for seed in range(2)]
    plain = [part_image(seed, bright=False, shape=shape) for seed in range(2)]
    predictions = [network.predict(*pair) for pair in zip(images, plain, strict=True)]
    return make_golden(images, predictions, spec, references=plain if spec.reference else ())


def files_for(task, spec, *, int8_bias=None):
    compared = spec.reference
    files = {
        MODEL_FP32: onnx_for(task, reference=compared),
        GOLDEN_NAME: golden_for(task, spec),
    }
    if int8_bias is not None:
        files[MODEL_INT8] = onnx_for(task, bias=int8_bias, reference=compared)
    return files
