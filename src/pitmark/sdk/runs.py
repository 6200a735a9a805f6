"""Training runs of a project on a server, with their reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pitmark.sdk.connection import Connection, part
from pitmark.wire.runs import Comparison as WireComparison
from pitmark.wire.runs import Report as WireReport
from pitmark.wire.runs import Run as WireRun


@dataclass(frozen=True, slots=True)
class Report:
    """What a run does on images that it has not seen."""

    told: WireReport

    @property
    def content(self) -> dict[str, Any]:
        """All that was measured."""
        return dict(self.told.content)

    @property
    def metrics(self) -> dict[str, float | None]:
        """The headline figures."""
        return dict(self.content.get("metrics", {}))

    def sentences(self) -> list[str]:
        """The verdict in words of the trade."""
        return list(self.told.sentences)

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON types."""
        return self.content


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs on the images that neither was trained on."""

    told: WireComparison

    def sentences(self) -> list[str]:
        """Which one is better, in words."""
        return list(self.told.sentences)

    def to_json(self) -> dict[str, Any]:
        """The comparison as plain JSON types."""
        return dict(self.told.content)


class Run:
    """A training run with its report.

    Args:
        connection: To the server.
        path: Of the project.
        row: The run as the server tells of it.
    """

    def __init__(self, connection: Connection, path: str, row: WireRun) -> None:
        self._connection, self._path, self.row = connection, path, row

    @property
    def id(self) -> str:
        """Its id."""
        return self.row.id

    @property
    def metrics(self) -> dict[str, Any]:
        """The headline figures on the test split."""
        return dict(self.row.metrics)

    @property
    def report(self) -> Report:
        """Everything the evaluation found."""
        path = f"{self._path}/runs/{part(self.id)}/report"
        return Report(self._connection.get(path, WireReport))

    def compare(self, other: Run) -> Comparison:
        """This run against another on the images that neither was trained on.

        Args:
            other: The other run.

        Returns:
            Difference of verdicts, other minus this, with interval.
        """
        # The server tells of the run that is named first, against the other one.
        path = f"{self._path}/runs/{part(other.id)}/compare/{part(self.id)}"
        return Comparison(self._connection.get(path, WireComparison))
