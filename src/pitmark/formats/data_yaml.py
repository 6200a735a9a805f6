"""The few lines of a YOLO data.yaml that matter: class names and folders of the splits.

Not a YAML parser: it knows `key: value`, lists in one line or one entry a line, and
numbered names. Anything else is passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_KEY = re.compile(r"^([A-Za-z_]+)\s*:\s*(.*)$")
_NUMBERED = re.compile(r"^(\d+)\s*:\s*(.+)$")


@dataclass(slots=True)
class DataYaml:
    """Class names by number, and for each split the folders or lists it names."""

    names: dict[int, str] = field(default_factory=dict)
    splits: dict[str, list[str]] = field(default_factory=dict)


def parse_data_yaml(text: str) -> DataYaml:
    """What a data.yaml says.

    Args:
        text: Its text.

    Returns:
        Names and splits; empty where the file has none that can be read.
    """
    values: dict[str, list[str]] = {}
    key = ""
    for raw in text.splitlines():
        line = _without_comment(raw)
        if not line.strip():
            continue
        start = _KEY.match(line)
        if start:
            key = start[1]
            values[key] = _inline(start[2])
        elif key and line[0] in " \t-":
            values[key].append(line.strip().removeprefix("- ").strip())
    found = DataYaml()
    for number, entry in enumerate(_joined(values.get("names", []))):
        numbered = _NUMBERED.match(entry)
        if numbered and len(numbered[1]) < 7:
            found.names[int(numbered[1])] = _unquoted(numbered[2])
        else:
            found.names[number] = _unquoted(entry)
    for split in ("train", "val", "test"):
        entries = [_unquoted(e) for e in _joined(values.get(split, []))]
        found.splits[split] = [e for e in entries if e and e not in ("null", "~")]
    return found


def _inline(value: str) -> list[str]:
    return [value.strip()] if value.strip() else []


def _joined(entries: list[str]) -> list[str]:
    """Entries of a list, also where it stands in brackets over one or several lines."""
    text = " ".join(entries)
    if text[:1] not in ("[", "{"):
        return entries
    inner = text[1:].rsplit("]" if text[0] == "[" else "}", 1)[0]
    parts = re.findall(r"""(?:"[^"]*"|'[^']*'|[^,"'])+""", inner)
    return [p.strip() for p in parts if p.strip()]


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        quote, text = text[0], text[1:-1]
        return text.replace("''", "'") if quote == "'" else text.replace('\\"', '"')
    return text


def _without_comment(line: str) -> str:
    found = re.match(r"""((?:"[^"]*"|'[^']*'|(?<!\s)\#|[^#"'])*)""", line)
    return found[1].rstrip() if found and line.strip()[:1] != "#" else ""
