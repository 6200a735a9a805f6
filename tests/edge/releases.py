"""Signed bundles for tests of activation: good ones, and one of every bad kind."""

import hashlib
import io
import stat
import zipfile
from dataclasses import replace

import numpy as np

from pitmark.core.bundle import (
    DRIFT_NAME,
    GOLDEN_NAME,
    MANIFEST_NAME,
    MODEL_FP32,
    SIGNATURE_NAME,
)
from pitmark.edge.bundle_file import write_bundle
from pitmark.edge.golden import make_golden
from pitmark.edge.manifest_file import manifest_from_bytes, manifest_to_bytes
from pitmark.edge.network import Network
from pitmark.edge.signing import new_private_key, public_key, sign
from pitmark.quality.drift.input_statistics import image_statistics
from pitmark.quality.drift.reference import DriftReference
from tests.edge.networks import (
    files_for,
    golden_for,
    helper,
    manifest_for,
    onnx,
    onnx_for,
    part_image,
    spec_for,
)

KEY = new_private_key()
TRUSTED = (public_key(KEY, "line"),)


def release(folder, version, *, task="detection", key=KEY, files=None, **changes):
    """The bytes of a release."""
    spec = changes.pop("spec", None) or spec_for(task)
    path = folder / f"{version}.pitmark"
    manifest = manifest_for(spec, version=version, **changes)
    write_bundle(path, manifest, files or files_for(task, spec), key_pem=key)
    return path.read_bytes()


def flipped(folder, version):
    data = bytearray(release(folder, version))
    data[len(data) // 2] ^= 0x20
    return bytes(data)


def tampered(folder, version):
    """Another model with its true hash in the manifest, under the old signature."""
    changed = {MODEL_FP32: onnx_for("detection", bias=-9.0)}
    return _repacked(release(folder, version), changed, key=None)


def truncated(folder, version):
    data = release(folder, version)
    return data[: len(data) // 2]


def unsigned(folder, version):
    return release(folder, version, key=None)


def other_key(folder, version):
    return release(folder, version, key=new_private_key())


def other_project(folder, version):
    return release(folder, version, project="lids")


def without_golden(folder, version):
    return release(folder, version, files={MODEL_FP32: onnx_for("detection")})


def external_tensor(folder, version):
    """A tensor in another file, with a true hash and a true signature."""
    model = onnx.load_from_string(onnx_for("detection"))
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../etc/passwd"
    return _repacked(release(folder, version), {MODEL_FP32: model.SerializeToString()})


def disagreeing(folder, version):
    """Golden answers of another network than the one inside."""
    spec = spec_for("detection")
    files = {
        MODEL_FP32: onnx_for("detection", bias=3.0),
        GOLDEN_NAME: golden_for("detection", spec),
    }
    return release(folder, version, files=files)


def slow_network():
    """The detection network behind a detour that takes some hundred milliseconds."""
    model = onnx.load_from_string(onnx_for("detection"))
    rng = np.random.default_rng(0)
    weight = (rng.normal(size=(96, 3, 3, 3)) * 1e-3).astype(np.float32)
    deep = (rng.normal(size=(96, 96, 3, 3)) * 1e-3).astype(np.float32)
    model.graph.initializer.append(onnx.numpy_helper.from_array(weight, "w0"))
    model.graph.initializer.append(onnx.numpy_helper.from_array(deep, "w1"))
    names = ["d0"]
    nodes = [helper.make_node("Conv", ["images", "w0"], ["d0"], pads=[1] * 4)]
    for number in range(1, 30):
        nodes.append(helper.make_node("Conv", [names[-1], "w1"], [f"d{number}"], pads=[1] * 4))
        names.append(f"d{number}")
    nodes.append(
        helper.make_node("ReduceMean", [names[-1]], ["detour"], axes=[1, 2, 3], keepdims=1)
    )
    zero = onnx.numpy_helper.from_array(np.zeros((1, 1, 1, 1), np.float32), "never")
    model.graph.initializer.append(zero)
    nodes.append(helper.make_node("Mul", ["detour", "never"], ["nought"]))
    nodes.append(helper.make_node("Add", ["images", "nought"], ["seen"]))
    for node in model.graph.node:
        for position, name in enumerate(node.input):
            if name == "images":
                node.input[position] = "seen"
    old = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*nodes, *old])
    return model.SerializeToString()


def slow(folder, version):
    spec = spec_for("detection")
    files = {MODEL_FP32: slow_network(), GOLDEN_NAME: golden_for("detection", spec)}
    return release(folder, version, files=files)


def wrong_hash(folder, version):
    """A model that is not the one whose hash the signed manifest names."""
    content = _content(release(folder, version))
    return _packed({**content, MODEL_FP32: onnx_for("detection", bias=-9.0)})


def stowaway(folder, version):
    """A file that no bundle holds."""
    return _packed({**_content(release(folder, version)), "run.sh": b"rm -rf /"})


def leading_out(folder, version):
    return _packed({**_content(release(folder, version)), "../../etc/cron.d/x": b"* * * * *"})


def linked(folder, version):
    """Its model is a link to a file of the device."""
    content = {**_content(release(folder, version)), MODEL_FP32: b"/etc/shadow"}
    return _packed(content, modes={MODEL_FP32: stat.S_IFLNK | 0o777})


def pickled(folder, version):
    """Golden images that would have to be unpickled, with a true hash and signature."""
    out = io.BytesIO()
    np.savez(out, images=np.array([{"a": 1}], dtype=object))
    return _repacked(release(folder, version), {GOLDEN_NAME: out.getvalue()})


def brittle(folder, version):
    """True to its golden images, which are dark, and without an answer to a bright part.

    Where the mean brightness is above half of what a bright part has, it looks up the second
    of one value.
    """
    dark, bright = part_image(0, bright=False), part_image(4)
    model = onnx.load_from_string(onnx_for("detection"))
    limit = (dark.mean() + bright.mean()) / 2 / 255
    graph = model.graph
    graph.initializer.extend(
        onnx.numpy_helper.from_array(np.array(value, kind), name)
        for name, value, kind in (
            ("scale", 1 / limit, np.float32),
            ("one value", [0.0], np.float32),
        )
    )
    old = list(graph.node)
    for node in old:
        node.input[:] = ["seen" if name == "images" else name for name in node.input]
    del graph.node[:]
    graph.node.extend(
        [
            helper.make_node("ReduceMean", ["images"], ["brightness"], keepdims=0),
            helper.make_node("Mul", ["brightness", "scale"], ["times"]),
            helper.make_node("Cast", ["times"], ["place"], to=onnx.TensorProto.INT64),
            helper.make_node("Gather", ["one value", "place"], ["nought"]),
            helper.make_node("Add", ["images", "nought"], ["seen"]),
            *old,
        ]
    )
    spec, made = spec_for("detection"), model.SerializeToString()
    network = Network(made, spec, name=MODEL_FP32)
    golden = make_golden([dark], [network.predict(dark)], spec)
    return release(folder, version, files={MODEL_FP32: made, GOLDEN_NAME: golden})


def _repacked(data, changes, *, key=KEY):
    """A bundle with other files inside and everything else made true again."""
    content = {**_content(data), **changes}
    manifest = manifest_from_bytes(content[MANIFEST_NAME])
    hashes = {
        n: hashlib.sha256(d).hexdigest()
        for n, d in content.items()
        if n not in (MANIFEST_NAME, SIGNATURE_NAME)
    }
    told = manifest_to_bytes(replace(manifest, files=hashes))
    content[MANIFEST_NAME] = told
    if key is not None:
        content[SIGNATURE_NAME] = sign(told, key)
    return _packed(content)


def _content(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {e.filename: archive.read(e) for e in archive.infolist()}


def _packed(content, *, modes=None):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, body in content.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = (modes or {}).get(name, 0) << 16
            archive.writestr(entry, body)
    return out.getvalue()


def with_drift_reference(folder, version=3):
    """A release that knows what the line looked like when it was made."""
    spec = spec_for("anomaly")
    network = Network(onnx_for("anomaly"), spec, name=MODEL_FP32)
    images = [part_image(seed, bright=False) for seed in range(100)]
    found = [network.predict(i) for i in images]
    reference = DriftReference.fit(
        np.array([image_statistics(i) for i in images]),
        np.array([p.embedding for p in found]),
        np.array([p.score for p in found]),
    )
    files = {**files_for("anomaly", spec), DRIFT_NAME: reference.to_bytes()}
    return release(folder, version, task="anomaly", files=files)


def ng_for_all(folder, version):
    """A release that is true to its golden images and calls every part of the line NG."""
    spec = spec_for("detection", threshold=0.01)
    network = Network(onnx_for("detection"), spec, name=MODEL_FP32)
    images = [part_image(0)]
    golden = make_golden(images, [network.predict(images[0])], spec)
    files = {MODEL_FP32: onnx_for("detection"), GOLDEN_NAME: golden}
    return release(folder, version, files=files, spec=spec)
