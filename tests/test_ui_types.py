"""The types of the web app are those of `pitmark.wire`."""

from __future__ import annotations

import pytest

from pitmark.server.app import create_app
from pitmark.wire.message import Message
from ui import make_api


def test_the_types_of_the_web_app_are_current() -> None:
    written = make_api.TARGET.read_text(encoding="utf-8")
    assert written == make_api.types_text(), "run: python ui/make_api.py"


def test_every_message_of_the_wire_is_an_interface() -> None:
    text = make_api.types_text()
    for module in make_api.wire_modules():
        for name, value in vars(module).items():
            if isinstance(value, type) and issubclass(value, Message) and value is not Message:
                assert f"export interface {name} {{" in text


def test_what_an_answer_always_holds_is_never_optional() -> None:
    text = make_api.types_text()
    labels = text.split("export interface Labels {")[1].split("}")[0]
    assert "mine: Annotation | null;" in labels
    saved = text.split("export interface SaveLabels {")[1].split("}")[0]
    assert "shapes: Shape[];" in saved
    assert "reason?: string;" in saved


def test_whatever_has_defaults_and_is_only_sent_is_named_a_request(tmp_path) -> None:
    document = create_app(tmp_path).openapi()
    sent, answered = set(), set()
    for path in document["paths"].values():
        for operation in path.values():
            sent |= _names(operation.get("requestBody", {}))
            answered |= _names(operation.get("responses", {}))
    if not sent:
        pytest.skip("the server has no routes yet")
    schemas = document["components"]["schemas"]
    answered = _closed(answered, schemas)
    missing = sent - answered - make_api.REQUESTS
    assert not missing, f"add to REQUESTS of ui/make_api.py: {sorted(missing)}"


def _names(part: object) -> set[str]:
    if isinstance(part, dict):
        found = {part["$ref"].rsplit("/", 1)[1]} if "$ref" in part else set()
        return found.union(*(_names(v) for v in part.values()))
    if isinstance(part, list):
        return set().union(*(_names(v) for v in part))
    return set()


def _closed(names: set[str], schemas: dict[str, object]) -> set[str]:
    """The names with all that they hold."""
    grown = names.union(*(_names(schemas.get(n)) for n in names))
    return names if grown == names else _closed(grown, schemas)
