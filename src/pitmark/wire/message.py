"""What every message of the HTTP API has in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

# A report whose shape is that of the `to_json` of the object it comes from.
Document = dict[str, Any]


class Message(BaseModel):
    """A message: immutable, and unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(Message):
    """The body of every answer that is an error; see `pitmark.core.errors`."""

    code: str
    message: str
    hint: str = ""
