"""What a project gives back: runs, images, findings and reports, with pictures in notebooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pitmark.core.records import ImageRecord
from pitmark.ops.labels.agreement_report import AgreementReport
from pitmark.ops.labels.consensus import (
    AppliedConsensus,
    ConsensusProposals,
    apply_consensus,
)
from pitmark.ops.labels.rule_proposal import RuleProposal
from pitmark.ops.models.reports import Comparison, Report, compare_runs, report_of
from pitmark.ops.pages.html import (
    agreement_html,
    consensus_html,
    findings_html,
    images_html,
    report_html,
    rules_html,
    write_rule_page,
)
from pitmark.store.db import ProjectStore
from pitmark.store.findings import FindingRow
from pitmark.store.runs import RunRow


class Run:
    """A training run with its report."""

    def __init__(self, store: ProjectStore, row: RunRow) -> None:
        self._store, self.row = store, row

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
        return report_of(self._store, self.row)

    def compare(self, other: Run) -> Comparison:
        """This run against another on the images that neither was trained on.

        Args:
            other: The other run.

        Returns:
            Difference of verdicts, other minus this, with interval.
        """
        return compare_runs(self._store, self.row, other.row)

    def _repr_html_(self) -> str:
        return report_html(self._store, self.report)


@dataclass(frozen=True)
class Images:
    """Some images of a project."""

    store: ProjectStore
    records: Sequence[ImageRecord]

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[ImageRecord]:
        return iter(self.records)

    def _repr_html_(self) -> str:
        return images_html(self.store, self.records)


@dataclass(frozen=True)
class Findings:
    """Some findings of a project."""

    store: ProjectStore
    rows: Sequence[FindingRow]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[FindingRow]:
        return iter(self.rows)

    def _repr_html_(self) -> str:
        return findings_html(self.store, self.rows)


@dataclass(frozen=True)
class Agreement:
    """How far the people who label agree."""

    store: ProjectStore
    report: AgreementReport

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON types."""
        return self.report.to_json()

    def _repr_html_(self) -> str:
        return agreement_html(self.store, self.report)


@dataclass(frozen=True)
class Consensus:
    """What several people together hold of some images."""

    store: ProjectStore
    found: ConsensusProposals

    def apply(
        self,
        *,
        by: str,
        least_confidence: float = 0.9,
        images: Sequence[str] = (),
        reason: str = "",
    ) -> AppliedConsensus:
        """Write proposals as a reviewer's decision, which is final.

        Args:
            by: The reviewer.
            least_confidence: Only proposals at least so certain.
            images: Only these images, whatever their confidence; all when empty.
            reason: Why.

        Returns:
            What was written.
        """
        return apply_consensus(
            self.store,
            self.found,
            by=by,
            least_confidence=least_confidence,
            images=images,
            reason=reason,
        )

    def __len__(self) -> int:
        return len(self.found.proposals)

    def _repr_html_(self) -> str:
        return consensus_html(self.store, self.found)


@dataclass(frozen=True)
class RuleProposals:
    """Some proposed rules of a project."""

    store: ProjectStore
    rows: Sequence[RuleProposal]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[RuleProposal]:
        return iter(self.rows)

    def write_page(self, path: str | Path) -> None:
        """Write the proposals as a page that needs nothing beside itself.

        Args:
            path: The file.
        """
        write_rule_page(self.store, self.rows, Path(path))

    def _repr_html_(self) -> str:
        return rules_html(self.store, self.rows)
