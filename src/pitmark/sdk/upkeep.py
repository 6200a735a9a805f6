"""Keeping the line of a project on a server going; see `pitmark.workspace.upkeep`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pitmark.core.progress import Reporter, silent
from pitmark.sdk.connection import Connection, message
from pitmark.sdk.jobs import Jobs, result_of
from pitmark.sdk.options import plain_options
from pitmark.sdk.releases import Bundles, bundle_target
from pitmark.wire.upkeep import DrawForHarm, Harm, LimitsChange, Promotion, ScheduleChange
from pitmark.wire.upkeep import Upkeep as WireUpkeep


@dataclass(frozen=True, slots=True)
class Told:
    """What came of feedback, an update or a promotion, as the server tells of it."""

    result: Mapping[str, Any]
    path: Path | None = None

    @property
    def promoted(self) -> bool:
        """Whether a new version is in use now."""
        return self.result.get("decision") == "promoted"

    @property
    def added(self) -> int:
        """How many images were added to the queue."""
        return int(self.result.get("added", 0))

    @property
    def waiting(self) -> int:
        """How many images wait for an answer."""
        return int(self.result.get("waiting", 0))

    @property
    def verdict(self) -> str:
        """Of a test for harm: harmless, retrain or more labels."""
        return str(self.result.get("verdict", ""))

    def sentences(self) -> list[str]:
        """The same in words."""
        return list(self.result.get("sentences", ()))

    def to_json(self) -> dict[str, Any]:
        """The same as plain JSON types."""
        return dict(self.result)


class RemoteUpkeep:
    """What keeps a project on a server going on the line.

    Args:
        connection: To the server.
        path: Of the project.
        jobs: Of the project.
        bundles: Of the project.
    """

    def __init__(
        self,
        connection: Connection,
        path: str,
        jobs: Jobs,
        bundles: Bundles,
    ) -> None:
        self._connection, self._path = connection, path
        self._jobs, self._bundles = jobs, bundles

    def status(self) -> Told:
        """What is in use, what waits, whether an update is due, limits and schedule."""
        found = self._connection.get(f"{self._path}/upkeep", WireUpkeep)
        return Told(found.model_dump(mode="json"))

    def feedback(self, *, options: Any = None, report: Reporter = silent) -> Told:
        """Fill the queue of images from the line that wait for an answer.

        Args:
            options: A pitmark.ops.line.feedback.FeedbackOptions, or a mapping of its names.
            report: Told of the progress.

        Returns:
            What was picked.
        """
        return Told(result_of(self._jobs.do("feedback", plain_options(options), report)))

    def harm(self, *, options: Any = None) -> Told:
        """Whether the drift that is on does harm, as far as labels tell.

        Args:
            options: A pitmark.ops.line.harm.HarmOptions, or a mapping of its names.

        Returns:
            The state.
        """
        asked = urlencode(_asked(options))
        found = self._connection.get(f"{self._path}/harm?{asked}", Harm)
        return Told(found.model_dump(mode="json"))

    def draw_for_harm(self, count: int = 60, *, options: Any = None) -> Told:
        """Draw images of the line at random until so many wait for a label.

        Args:
            count: How many shall wait, 1 to 1,000.
            options: As for `harm`.

        Returns:
            The state with the new images.
        """
        told, asked = message(DrawForHarm, count=count), urlencode(_asked(options))
        found = self._connection.send("POST", f"{self._path}/harm?{asked}", told, Harm)
        return Told(found.model_dump(mode="json"))

    def update(
        self, out: str | Path | None = None, *, options: Any = None, report: Reporter = silent
    ) -> Told:
        """Make a version from the newest labels, and put it into use if the gate lets it.

        Args:
            out: File or folder for a copy of the bundle.
            options: A pitmark.ops.line.updating.UpdateOptions, or a mapping of its names.
            report: Told of the steps.

        Returns:
            What came of it.
        """
        return self._do("update", plain_options(options), out, report)

    def promote(
        self,
        run: str = "latest",
        out: str | Path | None = None,
        *,
        options: Any = None,
        report: Reporter = silent,
    ) -> Told:
        """Put a run into use, if the gate lets it pass.

        Args:
            run: The training run.
            out: File or folder for a copy of the bundle.
            options: A pitmark.ops.line.promotion.PromoteOptions, or a mapping of its names.
            report: Told of the stages.

        Returns:
            What came of it.
        """
        return self._do("promote", {"run": run, **plain_options(options)}, out, report)

    def promotions(self, limit: int = 100) -> list[Promotion]:
        """What was decided about versions, the newest first.

        Args:
            limit: How many at most.

        Returns:
            The decisions.
        """
        return self._connection.get(f"{self._path}/promotions?limit={limit}", list[Promotion])

    def set_limits(self, change: Mapping[str, Any]) -> dict[str, Any]:
        """Change what operators may do.

        Args:
            change: What changes, see `pitmark.ops.line.limits.Limits`; the rest stays.

        Returns:
            The limits from now on.
        """
        told = message(LimitsChange, **change)
        return dict(
            self._connection.send("PUT", f"{self._path}/limits", told, WireUpkeep).limits
        )

    def set_schedule(self, change: Mapping[str, Any]) -> dict[str, Any]:
        """Change when the project updates by itself.

        Args:
            change: What changes, see `pitmark.ops.line.schedule.Schedule`; the rest stays.

        Returns:
            The schedule from now on.
        """
        told = message(ScheduleChange, **change)
        found = self._connection.send("PUT", f"{self._path}/schedule", told, WireUpkeep)
        return dict(found.schedule)

    def _do(
        self, kind: str, told: dict[str, Any], out: str | Path | None, report: Reporter
    ) -> Told:
        if out is not None:
            bundle_target(out, "x", 0)
        result = result_of(self._jobs.do(kind, told, report))
        version = result.get("version")
        if out is None or version is None:
            return Told(result)
        return Told(result, self._bundles.fetch(int(version), out).path)


def _asked(options: Any) -> dict[str, Any]:
    told = plain_options(options)
    return {k: v for k, v in told.items() if v is not None}
