"""What Pitmark says of the data of a project, and does about it: `project.data`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pitmark.core.progress import Reporter, silent
from pitmark.ops.data.advising import AdviceList, advise
from pitmark.ops.data.coresets import CoresetChoice, choose_coreset
from pitmark.ops.data.croissant import write_croissant
from pitmark.ops.data.datasheet import Datasheet, make_datasheet
from pitmark.ops.data.duplicates import DoublesReport, compare_images
from pitmark.ops.data.feasibility import Feasibility, assess
from pitmark.ops.data.grouping import GroupProposals, Regrouped, accept_groups, propose_groups
from pitmark.ops.data.need_history import needs_history
from pitmark.ops.data.needs import NeedOptions, Needs, find_needs
from pitmark.ops.data.selecting import NextLabels, SelectOptions, next_labels, write_list
from pitmark.ops.data.shortcuts import project_shortcuts
from pitmark.ops.data.slicing import SliceQuestion, slices_of
from pitmark.ops.images.columns import ColumnReport, compare_columns
from pitmark.ops.images.snapshots import take_snapshot
from pitmark.ops.images.text_file import write_text
from pitmark.ops.pages.datasheet import datasheet_markdown, write_datasheet_page
from pitmark.ops.synthesis import closed_loop as synthesis
from pitmark.ops.synthesis.trial import SynthesisOptions
from pitmark.quality.shortcuts import Shortcut
from pitmark.store.db import ProjectStore
from pitmark.workspace.data_views import Synthesis, WeakSlices


class Data:
    """The data of a project, looked at as data.

    Args:
        store: The project.
    """

    def __init__(self, store: ProjectStore) -> None:
        self.store = store

    def advise(self) -> AdviceList:
        """What to do next, the most urgent first, each with the command that does it."""
        return advise(self.store)

    def feasibility(self, *, most: int = 50, report: Reporter = silent) -> Feasibility:
        """Whether the first images promise a model, and what to change in the imaging.

        Args:
            most: Look at so many images, spread over all.
            report: Told of the progress.

        Returns:
            Verdict, reasons, figures, and a forecast where labels allow one.
        """
        return assess(self.store, most=most, report=report)

    def columns(self, *, by: str | None = None) -> ColumnReport:
        """Metadata that some sources write in other units, codes or dates than the others.

        Args:
            by: The metadata column that names the source; None takes the imported folder.

        Returns:
            The columns that differ.
        """
        return compare_columns(self.store, by=by)

    def select(
        self,
        count: int,
        *,
        options: SelectOptions | None = None,
        out: str | Path | None = None,
        report: Reporter = silent,
    ) -> NextLabels:
        """The images to label next, each with a reason.

        Args:
            count: How many.
            options: Strategy, bounds and seed.
            out: Also write the list to this file, JSON or CSV.
            report: Told of the progress.

        Returns:
            The images, and how choosing did against drawing at random.
        """
        found = next_labels(self.store, count, options=options, report=report)
        if out is not None:
            write_list(found.chosen, Path(out))
        return found

    def coreset(
        self,
        count: int,
        *,
        snapshot: str = "latest",
        save: bool = False,
        out: str | Path | None = None,
        report: Reporter = silent,
    ) -> CoresetChoice:
        """The training images to learn from where there are too many.

        Args:
            count: How many to keep.
            snapshot: Whose training images.
            save: Also freeze a snapshot that trains on those only.
            out: Also write the list to this file, JSON or CSV.
            report: Told of the progress.

        Returns:
            The images and the expected loss.
        """
        found = choose_coreset(self.store, count, snapshot=snapshot, save=save, report=report)
        if out is not None:
            write_list(found.chosen, Path(out))
        return found

    def needs(self, *, options: NeedOptions | None = None, report: Reporter = silent) -> Needs:
        """What each class needs, ranked by expected gain per hour of a person's time.

        A project without a snapshot gets one first.

        Args:
            options: Snapshot, number of further labels, minutes per label.
            report: Told of the progress.

        Returns:
            The needs; the forecast is kept and can be checked later.
        """
        if not self.store.snapshots.list():
            take_snapshot(self.store)
        return find_needs(self.store, options=options, report=report)

    def needs_history(self, *, report: Reporter = silent) -> list[dict[str, Any]]:
        """Every forecast of `needs` with what came true since, the newest first.

        Args:
            report: Told of the progress.

        Returns:
            See `pitmark.ops.data.need_history.needs_history`.
        """
        return needs_history(self.store, report=report)

    def slices(
        self, *, question: SliceQuestion | None = None, report: Reporter = silent
    ) -> WeakSlices:
        """The weak slices of what a run, or the last audit, said.

        Args:
            question: Which predictions, which loss, how to search.
            report: Told of the progress.

        Returns:
            The slices, shown with pictures in a notebook.
        """
        return WeakSlices(self.store, slices_of(self.store, question=question, report=report))

    def duplicates(self, *, embed: bool = True, report: Reporter = silent) -> DoublesReport:
        """Compare all images; queue duplicates, leaks and contradictions as findings.

        Args:
            embed: Let the shipped backbone look as well.
            report: Told of the progress.

        Returns:
            What was found, with the effect of leaks on the score.
        """
        return compare_images(self.store, embed=embed, report=report)

    def propose_groups(
        self, *, embed: bool = True, report: Reporter = silent
    ) -> GroupProposals:
        """Ranked candidates for what must stay together in splits.

        Args:
            embed: Let the shipped backbone look as well.
            report: Told of the progress.

        Returns:
            The candidates with reasons.
        """
        return propose_groups(self.store, embed=embed, report=report)

    def accept_groups(
        self, key: str, *, by: str = "python", report: Reporter = silent
    ) -> Regrouped:
        """Regroup all images by a key.

        Args:
            key: Of a proposal, or "metadata:A,B".
            by: Who decides.
            report: Told of the progress.

        Returns:
            What was grouped.
        """
        return accept_groups(self.store, key, by=by, report=report)

    def shortcuts(self, *, report: Reporter = silent) -> list[Shortcut]:
        """What is no defect and yet tells the class.

        Args:
            report: Told of the progress.

        Returns:
            Shortcuts, then hints.
        """
        return project_shortcuts(self.store, report=report)

    def synthesize(
        self,
        label: str | None = None,
        *,
        options: SynthesisOptions | None = None,
        report: Reporter = silent,
    ) -> Synthesis:
        """Make images of a weak class or slice, retrain, test on real images, keep or drop.

        Args:
            label: The class; None takes that of the options, or the weakest on the
                validation images.
            options: Slice, amounts, policies, painted kind, training, seed.
            report: Told of the progress.

        Returns:
            What was done, and whether it was kept.
        """
        how = options or SynthesisOptions()
        how = how if label is None else replace(how, label=label)
        return Synthesis(
            self.store, synthesis.synthesize(self.store, options=how, report=report)
        )

    def syntheses(self) -> Sequence[Synthesis]:
        """All finished runs of synthesis, the newest first."""
        return [Synthesis(self.store, s) for s in synthesis.list_syntheses(self.store)]

    def datasheet(
        self,
        folder: str | Path | None = None,
        *,
        snapshot: str = "latest",
        answers: Mapping[str, str] | None = None,
    ) -> Datasheet:
        """The datasheet of a snapshot, kept with the project.

        Args:
            folder: Also write it there, as a page, as Markdown and as a Croissant
                description with the table of images.
            snapshot: Which one.
            answers: Of people, by the key of the question; kept for later datasheets.

        Returns:
            The datasheet, with the questions that are still blank.
        """
        sheet = make_datasheet(self.store, snapshot=snapshot, answers=answers)
        if folder is not None:
            target = Path(folder)
            write_datasheet_page(sheet, target / "datasheet.html")
            write_text(target / "datasheet.md", datasheet_markdown(sheet))
            write_croissant(self.store, sheet, target)
        return sheet
