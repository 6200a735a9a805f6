"""What Pitmark says of the data of a project on a server, and does about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pitmark.core.progress import Reporter, silent
from pitmark.sdk.connection import Connection, unexpected
from pitmark.sdk.jobs import Jobs, result_of
from pitmark.sdk.options import plain_options
from pitmark.sdk.summaries import Found
from pitmark.wire.projects import Advice
from pitmark.wire.runs import Analysis


class RemoteData:
    """The data of a project, looked at as data. Each analysis is a job of the server.

    Args:
        connection: To the server.
        path: Of the project.
        jobs: Of the project.
    """

    def __init__(self, connection: Connection, path: str, jobs: Jobs) -> None:
        self._connection, self._path, self._jobs = connection, path, jobs

    def advise(self) -> Advice:
        """What to do next, the most urgent first, each with the command that does it."""
        return self._connection.get(f"{self._path}/advice", Advice)

    def feasibility(self, *, most: int = 50, report: Reporter = silent) -> Found:
        """Whether the first images promise a model, and what to change in the imaging.

        Args:
            most: Look at so many images, spread over all.
            report: Told of the progress.

        Returns:
            Verdict, reasons, figures, and a forecast where labels allow one.
        """
        return self._analyse("feasibility", {"most": most}, report)

    def needs(self, *, options: Any = None, report: Reporter = silent) -> Found:
        """What each class needs, ranked by expected gain per hour of a person's time.

        Args:
            options: A pitmark.ops.data.needs.NeedOptions, or a mapping of its names.
            report: Told of the progress.

        Returns:
            The needs; the forecast is kept and can be checked later.
        """
        return self._analyse("needs", plain_options(options), report)

    def slices(self, *, question: Any = None, report: Reporter = silent) -> Found:
        """The weak slices of what a run, or the last audit, said.

        Args:
            question: A pitmark.ops.data.slicing.SliceQuestion, or a mapping of its names.
            report: Told of the progress.

        Returns:
            The slices.
        """
        return self._analyse("slices", plain_options(question), report)

    def duplicates(self, *, embed: bool = True, report: Reporter = silent) -> Found:
        """Compare all images; queue duplicates, leaks and contradictions as findings.

        Args:
            embed: Let the shipped backbone look as well.
            report: Told of the progress.

        Returns:
            What was found, with the effect of leaks on the score.
        """
        return self._analyse("duplicates", {"embed": embed}, report)

    def propose_groups(self, *, embed: bool = True, report: Reporter = silent) -> Found:
        """Ranked candidates for what must stay together in splits.

        Args:
            embed: Let the shipped backbone look as well.
            report: Told of the progress.

        Returns:
            The candidates with reasons.
        """
        return self._analyse("groups", {"embed": embed}, report)

    def shortcuts(self, *, report: Reporter = silent) -> Found:
        """What is no defect and yet tells the class.

        Args:
            report: Told of the progress.

        Returns:
            Shortcuts, then hints.
        """
        return self._analyse("shortcuts", {}, report)

    def datasheet(
        self, *, snapshot: str = "latest", answers: Mapping[str, str] | None = None
    ) -> Found:
        """The datasheet of a snapshot, kept with the project.

        Args:
            snapshot: Which one.
            answers: Of people, by the key of the question; kept for later datasheets.

        Returns:
            The datasheet, with the questions that are still blank.
        """
        told = {"snapshot": snapshot, "answers": dict(answers or {})}
        return self._analyse("datasheet", told, silent)

    def synthesize(
        self, label: str | None = None, *, options: Any = None, report: Reporter = silent
    ) -> Found:
        """Make images of a weak class, retrain, test on real images, keep or drop.

        Args:
            label: The class; None takes that of the options, or the weakest on the
                validation images.
            options: A pitmark.ops.synthesis.trial.SynthesisOptions, or a mapping.
            report: Told of the progress.

        Returns:
            What was done: run, whether it was kept, and why in words.
        """
        told = {**plain_options(options), **({} if label is None else {"label": label})}
        done = result_of(self._jobs.do("synthesize", told, report))
        return Found(done, tuple(done.get("sentences", ())))

    def _analyse(self, kind: str, options: Mapping[str, Any], report: Reporter) -> Found:
        job = self._jobs.do(kind, options, report)
        found = self._connection.get(f"{self._path}/analyses/{kind}", Analysis)
        if found.document is None:
            raise unexpected(f"job {job.id} is done and the analysis {kind} holds nothing")
        return Found(found.document, tuple(found.sentences))
