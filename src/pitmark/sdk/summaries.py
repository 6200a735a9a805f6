"""What jobs of a server came to: audits, exports, analyses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AuditSummary:
    """How many findings of each kind an audit queued."""

    result: Mapping[str, Any]

    @property
    def snapshot_id(self) -> str:
        """What was audited."""
        return str(self.result["snapshot"])

    @property
    def images(self) -> int:
        """How many images were looked at."""
        return int(self.result["images"])

    @property
    def counts(self) -> dict[str, int]:
        """Kind to number of findings."""
        return dict(self.result["by_kind"])

    def to_json(self) -> dict[str, Any]:
        """The summary as plain JSON types."""
        return dict(self.result)


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """What was written, and what the format could not hold."""

    result: Mapping[str, Any]

    @property
    def files(self) -> int:
        """How many files were written."""
        return int(self.result["files"])

    @property
    def lost(self) -> tuple[str, ...]:
        """What the format could not hold, in words."""
        return tuple(self.result["lost"])


@dataclass(frozen=True, slots=True)
class Found:
    """What an analysis found: `document` is the object that `to_json` gives locally."""

    document: Mapping[str, Any]
    told: tuple[str, ...] = ()

    def sentences(self) -> list[str]:
        """The same in words."""
        return list(self.told)

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON types."""
        return dict(self.document)
