"""Finds tensors that an ONNX file would load from other files, without the onnx package.

An ONNX file is a protobuf message. Only the fields on the way to a tensor are followed,
everything else is skipped by its length, so that weights are never copied.

Source: onnx.proto of ONNX (field numbers) and the protobuf encoding guide (wire types).
"""

from __future__ import annotations

from pitmark.core.errors import BundleError

# Message -> field number -> message of that field.
_PATHS: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {
        5: "tensor",
        6: "graph",
        10: "tensor",
        11: "graph",
        22: "sparse",
        23: "sparse",
    },
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_EXTERNAL_DATA = 13
_DATA_LOCATION = 14
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def refuse_external_tensors(model: bytes, *, name: str) -> None:
    """Make sure that an ONNX file holds all of its weights itself.

    Args:
        model: The file's bytes.
        name: The file's name, for the message.

    Raises:
        BundleError: A tensor lies outside the file, or this is no protobuf message.
    """
    if not model:
        raise BundleError(f"{name} is empty")
    pending = [("model", 0, len(model))]
    while pending:
        kind, position, end = pending.pop()
        while position < end:
            key, position = _varint(model, position, end, name)
            number, wire = key >> 3, key & 7
            start, position, value = _field(model, position, end, wire, name)
            if kind == "tensor" and _is_external(number, wire, value):
                raise BundleError(
                    f"{name} keeps a tensor in another file, a bundle must be complete",
                    hint="Export the model without external data.",
                )
            inner = _PATHS[kind].get(number)
            if inner and wire == _BYTES:
                pending.append((inner, start, position))


def _is_external(number: int, wire: int, value: int) -> bool:
    return (number == _EXTERNAL_DATA and wire == _BYTES) or (
        number == _DATA_LOCATION and wire == _VARINT and value != 0
    )


def _field(data: bytes, position: int, end: int, wire: int, name: str) -> tuple[int, int, int]:
    """Where a field's content starts and ends, and its value if it is a varint."""
    value = 0
    if wire == _BYTES:
        length, position = _varint(data, position, end, name)
    elif wire in (_FIXED64, _FIXED32):
        length = 8 if wire == _FIXED64 else 4
    elif wire == _VARINT:
        value, after = _varint(data, position, end, name)
        length = after - position
    else:
        raise BundleError(f"{name} is not an ONNX file: wire type {wire} at byte {position}")
    if length > end - position:
        raise BundleError(f"{name} is cut short: a field at byte {position} is incomplete")
    return position, position + length, value


def _varint(data: bytes, position: int, end: int, name: str) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= end:
            raise BundleError(f"{name} is cut short at byte {position}")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise BundleError(f"{name} is not an ONNX file: endless number at byte {position}")
