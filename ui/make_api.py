"""Write `src/api/types.ts`: the messages of `pitmark.wire` as TypeScript.

    python ui/make_api.py           write the file
    python ui/make_api.py --check   exit with 1 where it is not current

In an answer every field is there; a field of a request that has a default may be left out.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_origin

from pydantic import BaseModel, TypeAdapter

from pitmark import wire
from pitmark.wire.message import Message

TARGET = Path(__file__).resolve().parent / "src" / "api" / "types.ts"
HEAD = "// Made by ui/make_api.py from pitmark.wire; do not edit.\n"
# Messages that only travel to the server, beside all of `pitmark.wire.job_options`.
REQUESTS = frozenset(
    {
        "AcceptInvitation",
        "AcceptRule",
        "AskCases",
        "AskUploads",
        "BookChange",
        "DeviceRecord",
        "DeviceRecords",
        "DeviceReport",
        "HaltRollout",
        "ImageSelection",
        "Invite",
        "LimitsChange",
        "NewDevice",
        "NewJob",
        "NewOrganisation",
        "NewProject",
        "NewStudy",
        "NewToken",
        "PasswordChange",
        "ProjectChange",
        "Register",
        "ResumeRollout",
        "RoleChange",
        "RollBackRollout",
        "SaveLabels",
        "ScheduleChange",
        "SelectionChange",
        "Settle",
        "Setup",
        "SignIn",
        "StartRollout",
        "StudyAnswer",
        "Undo",
    }
)
_PLAIN = {
    "string": "string",
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "null": "null",
}
_NOTES = ("title", "description", "default", "discriminator")


def main(arguments: list[str]) -> int:
    """Write or check the file; gives the exit status."""
    parser = argparse.ArgumentParser(description="TypeScript of the messages of the API")
    parser.add_argument("--check", action="store_true", help="do not write; exit 1 if stale")
    text = types_text()
    if parser.parse_args(arguments).check:
        return 0 if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


def types_text() -> str:
    """The whole file."""
    named = dict(pair for module in wire_modules() for pair in _named(module))
    messages = {n: v for n, v in named.items() if isinstance(v, type)}
    aliases = {n: v for n, v in named.items() if n not in messages}
    by_schema = {_key(_alias_schema(v)): n for n, v in aliases.items()}
    parts = [HEAD, "export type Document = Record<string, unknown>;\n"]
    for name, value in aliases.items():
        others = {k: n for k, n in by_schema.items() if n != name}
        parts.append(f"export type {name} = {_type(_alias_schema(value), others)};\n")
    parts += [_interface(n, m, by_schema) for n, m in messages.items()]
    return "\n".join(parts)


def wire_modules() -> list[types.ModuleType]:
    """All modules of `pitmark.wire` in the order of their names."""
    found = sorted(m.name for m in pkgutil.iter_modules(wire.__path__))
    return [importlib.import_module(f"pitmark.wire.{name}") for name in found]


def _named(module: types.ModuleType) -> Iterator[tuple[str, Any]]:
    for name, value in vars(module).items():
        if name.startswith("_") or name == "Document" or value is Message:
            continue
        if isinstance(value, type):
            if issubclass(value, Message):
                yield name, value
        elif get_origin(value) is not None or isinstance(value, types.UnionType):
            yield name, value


def _interface(name: str, message: type[BaseModel], aliases: dict[str, str]) -> str:
    schema = message.model_json_schema(mode="serialization")
    lines = _comment(message.__doc__ or "", "")
    lines.append(f"export interface {name} {{")
    for field, part in schema.get("properties", {}).items():
        info = message.model_fields[field]
        optional = _only_sent(message) and not info.is_required()
        lines.append(f"  {field}{'?' if optional else ''}: {_type(part, aliases)};")
    return "\n".join([*lines, "}\n"])


def _only_sent(message: type[BaseModel]) -> bool:
    return message.__name__ in REQUESTS or message.__module__.endswith(".job_options")


def _type(schema: dict[str, Any], aliases: dict[str, str]) -> str:
    if (known := aliases.get(_key(schema))) is not None:
        return known
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1])
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return _union([_type(c, aliases) for c in choices], aliases, choices)
    if "enum" in schema or "const" in schema:
        return " | ".join(json.dumps(v) for v in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        item = _type(schema.get("items", {}), aliases)
        return f"({item})[]" if " | " in item else f"{item}[]"
    if schema.get("type") == "object":
        inner = schema.get("additionalProperties")
        if isinstance(inner, dict) and inner:
            return f"Record<string, {_type(inner, aliases)}>"
        return "Document"
    return _PLAIN.get(schema.get("type", ""), "unknown")


def _union(parts: list[str], aliases: dict[str, str], choices: list[dict[str, Any]]) -> str:
    # An alias or None is written as a flat list of choices.
    bare = [c for c in choices if c.get("type") != "null"]
    known = aliases.get(_key({"anyOf": bare}))
    if known is not None and len(bare) < len(choices):
        return f"{known} | null"
    return " | ".join(dict.fromkeys(parts))


def _alias_schema(value: Any) -> dict[str, Any]:
    return dict(TypeAdapter(value).json_schema(mode="serialization"))


def _key(schema: dict[str, Any]) -> str:
    kept = {k: v for k, v in schema.items() if k not in (*_NOTES, "$defs")}
    return json.dumps(kept, sort_keys=True)


def _comment(doc: str, indent: str) -> list[str]:
    lines = [line.strip() for line in doc.strip().splitlines()]
    if len(lines) == 1:
        return [f"{indent}/** {lines[0]} */"]
    return [f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
