"""What people say of the same things, and the rules that settle it: `project.labels`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pitmark.core.errors import InvalidInputError
from pitmark.core.progress import Reporter, silent
from pitmark.ops.labels import rule_accept, rules
from pitmark.ops.labels.agreement import AgreementOptions, measure_agreement
from pitmark.ops.labels.consensus import ConsensusOptions, propose_consensus
from pitmark.ops.labels.rule_check import RuleCheck, check_rules
from pitmark.ops.labels.study_answers import AddedAnswers, AnswerSource, add_folder, add_labels
from pitmark.ops.labels.study_design import Study, StudyOptions, design_study, study_of
from pitmark.store.db import ProjectStore
from pitmark.workspace.views import Agreement, Consensus, RuleProposals


class Labels:
    """The labels of a project as what people say: how far they agree, and by which rule.

    Args:
        store: The project.
    """

    def __init__(self, store: ProjectStore) -> None:
        self.store = store

    def propose_rules(
        self, *classes: str, seed: int = 0, report: Reporter = silent
    ) -> RuleProposals:
        """Where people change from one class to another, and the measure that explains it.

        Args:
            *classes: Two classes, or one against leaving it unmarked; none takes all pairs
                on which people disagree.
            seed: Of folds and draws.
            report: Told of the progress.

        Returns:
            The proposals, shown with histograms and pictures in a notebook.
        """
        found = rules.propose_rules(self.store, classes, seed=seed, report=report)
        return RuleProposals(self.store, found)

    def accept_rule(
        self,
        *classes: str,
        limit: float | None = None,
        measure: str | None = None,
        unit: str | None = None,
        by: str = "python",
        reason: str = "",
        report: Reporter = silent,
    ) -> rule_accept.AcceptedRule:
        """Write the limit between two classes into the label book; queue what breaks it.

        Args:
            *classes: As for `propose_rules`; with `measure` the second one lies above.
            limit: Instead of the proposed one.
            measure: length, area or short_side: take no proposal, but `limit`.
            unit: px or mm, with `measure`.
            by: Who decides.
            reason: Why; the proposal in words if left out.
            report: Told of the progress.

        Returns:
            The rule as written, and what it contradicts.
        """
        if measure is not None:
            rule = rule_accept.limit_rule(classes, measure=measure, unit=unit, limit=limit)
            return rule_accept.accept_limit(self.store, rule, author=by, reason=reason)
        if not classes:
            raise InvalidInputError("name the classes that the limit parts")
        (proposal,) = rules.propose_rules(self.store, classes, report=report)
        return rule_accept.accept_proposal(
            self.store, proposal, author=by, reason=reason, limit=limit
        )

    def check_rules(self) -> RuleCheck:
        """Queue every label that contradicts a rule of the label book.

        Returns:
            How many, by class.
        """
        return check_rules(self.store)

    def design_study(
        self, *labelers: str, options: StudyOptions | None = None, by: str = "python"
    ) -> Study:
        """Choose images for an agreement study and keep its design.

        Args:
            labelers: Who takes part; added to those of the options.
            options: Number of images, repeats and the like.
            by: Who designs it.

        Returns:
            The study.
        """
        how = options or StudyOptions(())
        how = replace(how, labelers=(*how.labelers, *labelers))
        return design_study(self.store, how, by=by)

    def studies(self) -> list[Study]:
        """All agreement studies, with how much of each has been answered."""
        return [study_of(self.store, row) for row in self.store.studies.list()]

    def add_answers(
        self,
        study: str,
        folder: str | Path | None = None,
        *,
        labeler: str | None = None,
        trial: int | None = None,
    ) -> AddedAnswers:
        """Take answers into a study; the labels of the project stay as they are.

        Args:
            study: The study.
            folder: Images and labels; None takes the labeler's labels in the project.
            labeler: Whose; may be left out where the files say.
            trial: Which trial; may be left out in a study without repeats.

        Returns:
            What was added.
        """
        if folder is None:
            names = [labeler] if labeler else []
            return add_labels(self.store, study, names, trial=trial)
        return add_folder(self.store, study, Path(folder), AnswerSource(labeler, trial))

    def agreement(
        self, study: str | None = None, *, options: AgreementOptions | None = None
    ) -> Agreement:
        """How far people agree: with themselves, each other and the reference.

        Args:
            study: Which study; None for the labels of the project.
            options: Reference and matching.

        Returns:
            The report, shown with tables and pictures in a notebook.
        """
        how = options or AgreementOptions()
        how = how if study is None else replace(how, study=study)
        return Agreement(self.store, measure_agreement(self.store, options=how))

    def consensus(
        self, study: str | None = None, *, options: ConsensusOptions | None = None
    ) -> Consensus:
        """What several people together hold of each image; nothing is written.

        Args:
            study: Whose answers; None for the labels of the project.
            options: Method and quorum.

        Returns:
            The proposals, shown with pictures in a notebook.
        """
        how = options or ConsensusOptions()
        how = how if study is None else replace(how, study=study)
        return Consensus(self.store, propose_consensus(self.store, options=how))
