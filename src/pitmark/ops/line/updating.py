"""Correct, update, go on: a new version made from the one in use and the newest labels.

Four steps, each written down when it is done: freeze the data, train from the champion,
gate, release. Killed at any moment, the same command goes on with the next step; what was
let out is let out once, for release, promotion and names are one transaction.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pitmark.core.errors import CancelledError, NotEnoughDataError, NotFoundError, PitmarkError
from pitmark.core.progress import Progress, Reporter, silent
from pitmark.ops.images.snapshots import take_snapshot
from pitmark.ops.line.limits import Actor, expect_allowed, limits_of
from pitmark.ops.line.promotion import PromoteOptions, copied, decide, drafted
from pitmark.ops.line.promotion_facts import in_use
from pitmark.ops.line.promotion_gate import gate
from pitmark.ops.line.promotion_record import refusal_of, sentences_of
from pitmark.ops.models.evaluating import Costs
from pitmark.ops.models.train_options import RetrainOptions, settings_of
from pitmark.ops.models.training import MODEL, REPORT, train
from pitmark.store.db import ProjectStore
from pitmark.store.promotions import PromotionRow
from pitmark.store.runs import RunRow
from pitmark.store.updates import UpdateRow, UpdateState

LEARN, DECIDE = "learn", "decide"
_WORDS = {
    LEARN: "making the new version",
    DECIDE: "checking the new version",
}
# Clocks of threads of one machine differ by less.
_SLACK = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class UpdateOptions:
    """How to update; see PromoteOptions. `threads` None takes as many as the version in use."""

    override: tuple[str, ...] = ()
    int8: bool = True
    conditions: tuple[str, ...] | None = None
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class UpdateResult:
    """What came of an update: its row, the decision, and a copy of the bundle."""

    row: UpdateRow
    promotion: PromotionRow
    path: Path | None = None

    @property
    def promoted(self) -> bool:
        """Whether the new version is in use now."""
        return self.promotion.decision == "promoted"

    def sentences(self) -> list[str]:
        """The result for a person on the line."""
        record = self.promotion.record
        facts = self.row.facts
        made = (
            f"A new version was made from {facts['images']} pictures,"
            f" {facts['new']} of them new or corrected."
        )
        if self.promoted:
            end = f"Version {self.promotion.version} is in use from now on."
        else:
            end = refusal_of(record)
        return [made, *sentences_of(record["checks"]), end]

    def to_json(self) -> dict[str, Any]:
        """The result as plain JSON types."""
        return {
            "update": self.row.number,
            "state": self.row.state,
            "run": self.promotion.run_id,
            "decision": self.promotion.decision,
            "promotion": self.promotion.number,
            "version": self.promotion.version,
            "checks": self.promotion.record["checks"],
            "bundle": None if self.path is None else str(self.path),
            "sentences": self.sentences(),
        }


def update(
    project: ProjectStore,
    out: Path | None = None,
    *,
    options: UpdateOptions | None = None,
    actor: Actor | None = None,
    report: Reporter = silent,
) -> UpdateResult:
    """Make a new version from the one in use, and put it into use if the gate lets it pass.

    An update that was killed or stopped is gone on with. Two never run at once.

    Args:
        project: The project.
        out: File or folder for a copy of the bundle.
        options: See UpdateOptions.
        actor: Who asks, and as what; None is an owner.
        report: Told of the steps in plain words.

    Returns:
        What came of it; a refusal is a result, not an error.

    Raises:
        NotFoundError: There is nothing in use to begin from.
        NotEnoughDataError: Nothing was labeled or corrected since.
        NotAllowedError: A limit does not allow it.
        ConflictError: An update is under way.
        PitmarkError: A step failed; the update is kept as failed, with the reason.
    """
    how, who = options or UpdateOptions(), actor or Actor("python")
    with project.updates.alone():
        row = _left(project) or _begin(project, how, who)
        try:
            row, decided = _steps(project, row, report)
        except CancelledError:
            raise
        except PitmarkError as exc:
            project.updates.end(row.number, "failed", error=exc.message)
            raise
    return UpdateResult(row, decided, copied(project, decided, out))


def _left(project: ProjectStore) -> UpdateRow | None:
    """The update that was killed or stopped, if the newest one was.

    This process holds the lock, so nobody else works on it.
    """
    newest = next(iter(project.updates.list(1)), None)
    if newest is None or newest.state != "running":
        return None
    again = {
        "attempts": newest.facts.get("attempts", 1) + 1,
        "tried": datetime.now(UTC).isoformat(),
    }
    return project.updates.note(newest.number, newest.step, again)


def _begin(project: ProjectStore, how: UpdateOptions, who: Actor) -> UpdateRow:
    expect_allowed(project, "update", who, override=how.override)
    used = in_use(project)
    if used is None:
        raise NotFoundError(
            "there is no version in use to begin from",
            hint="An admin makes and releases the first version.",
        )
    before = project.snapshots.get(used.run.snapshot_id)
    info = take_snapshot(project, note="update")
    if info.id == before.id:
        raise NotEnoughDataError(
            "nothing was labeled or corrected since the version in use was made",
            hint="Answer pictures from the line first: `pitmark feedback`.",
        )
    change = before.diff(project.snapshots.get(info.id))
    facts = {
        "snapshot": info.id,
        "champion": used.run.id,
        "images": info.images,
        "new": len(change.added) + len(change.relabeled),
        "override": list(how.override),
        "int8": how.int8,
        "conditions": None if how.conditions is None else list(how.conditions),
        "threads": how.threads,
    }
    return project.updates.begin(LEARN, facts, by=who.name)


def _steps(
    project: ProjectStore, row: UpdateRow, report: Reporter
) -> tuple[UpdateRow, PromotionRow]:
    if row.step == LEARN:
        run = _trained_before(project, row) or train(
            project, options=_options(project, row), report=_plain(LEARN, report)
        )
        row = project.updates.note(row.number, DECIDE, {"run": run.id})
    return _decide(project, row, _plain(DECIDE, report))


def _options(project: ProjectStore, row: UpdateRow) -> RetrainOptions:
    """The settings of the champion, and its weights to begin from."""
    champion = project.runs.get(row.facts["champion"])
    held = champion.settings
    size = held.get("input_wh")
    return RetrainOptions(
        snapshot=row.facts["snapshot"],
        preset=held["preset"],
        seed=champion.seed,
        quick=bool(held.get("quick")),
        input_wh=None if size is None else (int(size[0]), int(size[1])),
        image_steps=held.get("image_steps"),
        threads=row.facts["threads"] or held.get("threads"),
        init=weights_of(project, champion),
        network=held.get("network", "standard"),
        costs=_costs(project, champion),
        reference=held.get("reference"),
    )


def weights_of(project: ProjectStore, run: RunRow) -> Path:
    """The weights of a run as a file to begin from.

    Args:
        project: The project.
        run: A finished run.

    Returns:
        The file; the same one whenever asked.
    """
    folder = project.work / "champions"
    folder.mkdir(exist_ok=True)
    path = folder / f"{run.id}.safetensors"
    if not path.exists():
        fresh = path.with_suffix(".new")
        fresh.write_bytes(project.blobs.read(run.artifacts[MODEL]))
        fresh.replace(path)
    return path


def _costs(project: ProjectStore, run: RunRow) -> Costs:
    if REPORT not in run.artifacts:
        return Costs()
    told = json.loads(project.blobs.read(run.artifacts[REPORT])).get("choice", {})
    return Costs(**told["costs"]) if "costs" in told else Costs()


def _trained_before(project: ProjectStore, row: UpdateRow) -> RunRow | None:
    """The run of an update that was killed between its end and the note of it."""
    how = _options(project, row)
    _, images = project.snapshots.load(how.snapshot)
    settings = {**settings_of(project, images, how).to_json(), "quick": how.quick}
    for run in project.runs.list(kind="train"):
        same = run.snapshot_id == row.facts["snapshot"] and run.settings == settings
        if run.state == "done" and same and run.created >= row.begun - _SLACK:
            return run
    return None


def _decide(
    project: ProjectStore, row: UpdateRow, report: Reporter
) -> tuple[UpdateRow, PromotionRow]:
    facts, run = row.facts, project.runs.get(row.facts["run"])
    conditions = facts["conditions"]
    how = PromoteOptions(
        int8=facts["int8"], conditions=None if conditions is None else tuple(conditions)
    )
    bundle = drafted(project, run, how, report)
    override = tuple(facts["override"])
    found = gate(project, run, bundle, limits_of(project), override=override, report=report)
    with project.transaction():
        decided = decide(project, found, bundle, by=row.by)
        told = {"promotion": decided.number, "version": decided.version}
        state: UpdateState = "done" if decided.decision == "promoted" else "refused"
        words = "; ".join(c.reason for c in found.failed)
        row = project.updates.end(row.number, state, facts=told, error=words)
    bundle.unlink(missing_ok=True)
    return row, decided


def _plain(step: str, report: Reporter) -> Reporter:
    """Progress in the words of the line, whatever the step calls its stages."""

    def told(progress: Progress) -> None:
        report(Progress(_WORDS[step], progress.done, progress.total, progress.eta_s))

    return told
