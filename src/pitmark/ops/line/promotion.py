"""A run takes the place of the one in use, or is refused: one decision, kept for good."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from pitmark.core.progress import Reporter, silent
from pitmark.core.roles import at_least
from pitmark.ops.line.limits import Actor, expect_allowed
from pitmark.ops.line.promotion_gate import gate
from pitmark.ops.line.promotion_record import GateRecord, refusal_of, sentences_of
from pitmark.ops.line.promotion_rollout import roll_out_promoted
from pitmark.ops.line.reissuing import reissue
from pitmark.ops.line.releasing import bundle_target, draft
from pitmark.store.db import ProjectStore
from pitmark.store.promotions import NewPromotion, PromotionRow
from pitmark.store.runs import RunRow

_NO_OVERRIDE = "same_on_device"


@dataclass(frozen=True, slots=True)
class PromotionResult:
    """What came of a promotion; `row` is None where it was only tried."""

    record: dict[str, Any]
    row: PromotionRow | None
    path: Path | None = None

    @property
    def promoted(self) -> bool:
        """Whether the run is in use now."""
        return self.row is not None and self.row.decision == "promoted"

    def sentences(self) -> list[str]:
        """The result for a person on the line."""
        told = sentences_of(self.record["checks"])
        if self.row is None:
            end = "It would pass." if self.record["passed"] else "It would be refused."
        elif self.promoted:
            end = f"Version {self.row.version} is in use from now on."
        else:
            end = refusal_of(self.record)
        return [*told, end]

    def to_json(self) -> dict[str, Any]:
        """The result as plain JSON types."""
        row = self.row
        return {
            **self.record,
            "decision": None if row is None else row.decision,
            "promotion": None if row is None else row.number,
            "version": None if row is None else row.version,
            "bundle": None if self.path is None else str(self.path),
            "sentences": self.sentences(),
        }


@dataclass(frozen=True, slots=True)
class PromoteOptions:
    """How to promote.

    `dry_run` only tries; checks named in `override` do not stand in the way; `int8` and
    `conditions` are those of a release.
    """

    dry_run: bool = False
    override: tuple[str, ...] = ()
    int8: bool = True
    conditions: tuple[str, ...] | None = None


def promote(
    project: ProjectStore,
    run: str = "latest",
    out: Path | None = None,
    *,
    options: PromoteOptions | None = None,
    actor: Actor | None = None,
    report: Reporter = silent,
) -> PromotionResult:
    """Put a run into use, if the gate lets it pass; the record is kept either way.

    Asked again for the run in use, the promotion that made it so is told again.

    Args:
        project: The project.
        run: The training run.
        out: File or folder for a copy of the bundle.
        options: See PromoteOptions.
        actor: Who asks, and as what; None is an owner.
        report: Told of the stages.

    Returns:
        What came of it.

    Raises:
        NotFoundError: No such run.
        NotAllowedError: A limit does not allow it.
        ConflictError: An update is under way.
        ParityError: The export disagrees with the trained model.
    """
    how, who = options or PromoteOptions(), actor or Actor("python")
    row = project.runs.get(run)
    done = _promoted_before(project, row)
    if done is not None and not how.dry_run:
        return PromotionResult(done.record, done, copied(project, done, out))
    limits = expect_allowed(project, "promote", who, override=how.override)
    with project.updates.alone():
        made = drafted(project, row, how, report)
        record = gate(project, row, made, limits, override=_override(how, who), report=report)
        if how.dry_run:
            return PromotionResult(record.to_json(), None)
        with project.transaction():
            decided = decide(project, record, made, by=who.name)
        made.unlink()
    return PromotionResult(decided.record, decided, copied(project, decided, out))


def _override(how: PromoteOptions, who: Actor) -> tuple[str, ...]:
    kept = tuple(c for c in how.override if c != _NO_OVERRIDE)
    return kept if at_least(who.role, "operator") else ()


def _promoted_before(project: ProjectStore, row: RunRow) -> PromotionRow | None:
    alias = project.promotions.alias("champion")
    if alias is None or alias.run_id != row.id:
        return None
    mine = (p for p in project.promotions.list() if p.run_id == row.id)
    last = next((p for p in mine if p.decision != "refused"), None)
    # What came back by a rollback has passed no gate since.
    return last if last is not None and last.decision == "promoted" else None


def drafted(project: ProjectStore, row: RunRow, how: PromoteOptions, report: Reporter) -> Path:
    """The bundle of a run that is not let out yet; kept until it is decided on.

    Args:
        project: The project.
        row: The run.
        how: Whether to quantize, and the conditions of drift.
        report: Told of the stages.

    Returns:
        Its file.

    Raises:
        ParityError: The export disagrees with the trained model.
    """
    folder = project.work / "drafts"
    folder.mkdir(exist_ok=True)
    # Other thresholds, chosen for the run since, are another bundle.
    asked = json.dumps([how.int8, how.conditions, row.inspector], sort_keys=True)
    path = folder / f"{row.id}-{sha256(asked.encode()).hexdigest()[:16]}.pitmark"
    if not path.exists():
        fresh = path.with_suffix(".new")
        draft(
            project, fresh, run=row.id, int8=how.int8, conditions=how.conditions, report=report
        )
        fresh.replace(path)
    return path


def decide(project: ProjectStore, record: GateRecord, bundle: Path, *, by: str) -> PromotionRow:
    """Keep the record; where it passed, let the bundle out, to devices too, as the champion.

    To be called inside a transaction, with what else belongs to the decision.

    Args:
        project: The project.
        record: Of the gate.
        bundle: The draft that it is about.
        by: Who decides.

    Returns:
        The decision.
    """
    told = record.to_json()
    if not record.passed:
        project.promotions.name("candidate", record.run_id, by=by)
        return project.promotions.add(
            NewPromotion("refused", record.run_id, record.in_use, None, told), by=by
        )
    verdicts = {c.name: c.verdict for c in record.checks}
    target = project.work / f"{record.run_id}-promoted.pitmark"
    issued = reissue(project, bundle.read_bytes(), target, {"promotion": verdicts})
    target.unlink()
    project.releases.add(record.run_id, issued.version, issued.sha256, issued.gate, by=by)
    for name in ("candidate", "champion"):
        project.promotions.name(name, record.run_id, version=issued.version, by=by)
    row = project.promotions.add(
        NewPromotion("promoted", record.run_id, record.in_use, issued.version, told), by=by
    )
    roll_out_promoted(project, issued.version, record.limits, by=by)
    return row


def copied(project: ProjectStore, row: PromotionRow, out: Path | None) -> Path | None:
    """A copy of the bundle where somebody wants it as a file.

    Args:
        project: The project.
        row: The promotion.
        out: File or folder; None wants none.

    Returns:
        The file; None where none was wanted, or nothing was promoted.

    Raises:
        InvalidInputError: There is no such folder.
    """
    if out is None or row.version is None:
        return None
    path = bundle_target(out, project.info.name, row.version)
    kept = project.blobs.path(project.releases.get(row.version).bundle_sha)
    shutil.copyfile(kept, path)
    return path
