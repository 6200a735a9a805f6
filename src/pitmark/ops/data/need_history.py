"""What was foretold about classes, and what came true with later labels."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pitmark.core.progress import Reporter, silent
from pitmark.ops.data.need_units import BACKGROUND, Described, Unit, describe, units_of
from pitmark.ops.data.needs import ARTIFACT, KIND, Numbered, check_units, learner_of, numbered
from pitmark.ops.images.pixels import pixel_loader
from pitmark.quality.needs.class_gains import Gain
from pitmark.quality.needs.ranking import gain_json
from pitmark.quality.needs.realized import Change, realized_gain
from pitmark.store.db import ProjectStore
from pitmark.store.runs import RunRow
from pitmark.store.snapshots import SnapshotInfo

CHECK = "check"
_FEWEST_ADDED = 5
_FEWEST_CHANGED = 2


@dataclass(frozen=True, slots=True)
class _Pair:
    """An example as it is now and what it was said to be before (None: it is new)."""

    unit: Unit
    before: str | None


def needs_history(project: ProjectStore, *, report: Reporter = silent) -> list[dict[str, Any]]:
    """Every forecast with what came true since, the newest first.

    A forecast is checked on the images it was made from, each named by a learner that has
    not seen it: once with what was labeled then, once with what was added or corrected
    up to the newest snapshot. What was found is kept with the forecast.

    Args:
        project: The project.
        report: Told of the progress.

    Returns:
        Per forecast: run, snapshot, when, the answer named first, and `checks`: one per
        class with five or more new examples or two or more corrected labels.
    """
    newest = project.snapshots.info("latest") if project.snapshots.list() else None
    out = []
    for row in project.runs.list(kind=KIND):
        if row.state != "done":
            continue
        told = json.loads(project.blobs.read(row.artifacts[ARTIFACT]))
        first = told["needs"][0]
        out.append(
            {
                "run": row.id,
                "snapshot": row.snapshot_id,
                "at": row.created.isoformat(timespec="seconds"),
                "first": {"class": first["class"], **first["answer"]},
                **_checked(project, row, told, newest, report),
            }
        )
    return out


def history_lines(history: Sequence[Mapping[str, Any]]) -> list[str]:
    """The history in words.

    Args:
        history: From `needs_history`.

    Returns:
        Lines.
    """
    out = []
    for told in history:
        first = told["first"]
        out.append(
            f"{told['run']} of {told['at'][:10]}: {first['class']} first. {first['text']}"
        )
        for check in told["checks"]:
            what = "new labels" if check["kind"] == "label" else "labels corrected"
            out.append(
                f"   {check['class']}, {check['number']} {what}: foretold"
                f" {_points(check['foretold'])}, came true {_points(check['realized'])}:"
                f" {'inside' if check['inside'] else 'outside'} what was foretold"
            )
        if not told["checks"]:
            out.append("   Nothing to check yet: no class got five more labels since.")
    return out or ["No forecast yet. Make one: pitmark needs"]


def _points(gain: Mapping[str, float] | None) -> str:
    return "nothing" if gain is None else in_points(gain)


def in_points(gain: Mapping[str, float]) -> str:
    """A gain with its interval in words.

    Args:
        gain: Median, low and high, as shares.

    Returns:
        Such as "+0.8 points (-0.7 to +2.6)".
    """
    median, low, high = (f"{100 * gain[k]:+.1f}" for k in ("median", "low", "high"))
    return f"{median} points ({low} to {high})"


def _checked(
    project: ProjectStore,
    row: RunRow,
    told: Mapping[str, Any],
    newest: SnapshotInfo | None,
    report: Reporter,
) -> dict[str, Any]:
    """The checks against the newest snapshot, from what is kept where nothing changed."""
    if newest is None or newest.id == row.snapshot_id:
        return {"checked_on": None, "checks": []}
    if CHECK in row.artifacts:
        kept: dict[str, Any] = json.loads(project.blobs.read(row.artifacts[CHECK]))
        if kept["checked_on"] == newest.id:
            return kept
    made = {"checked_on": newest.id, "checks": _check(project, row, told, newest.id, report)}
    blob = project.blobs.put(json.dumps(made).encode())
    project.runs.amend(row.id, artifacts={CHECK: blob})
    return made


def _check(
    project: ProjectStore,
    row: RunRow,
    told: Mapping[str, Any],
    later_id: str,
    report: Reporter,
) -> list[dict[str, Any]]:
    before = units_of(project.snapshots.load(row.snapshot_id)[1], project.task)
    after = units_of(project.snapshots.load(later_id)[1], project.task)
    # Places without an object are chosen anew as objects are added: those of then stay.
    now = {u.key: u for u in after if u.label != BACKGROUND}
    said = {u.key: u for u in before}
    pairs = [_Pair(now.get(k, u), u.label) for k, u in said.items()]
    pairs += [_Pair(u, None) for k, u in now.items() if k not in said]
    if not any(p.before is None or p.before != p.unit.label for p in pairs):
        return []
    check_units([p.unit for p in pairs])
    seen = describe(pixel_loader(project), [p.unit for p in pairs], report=report)
    return _changes(seen, {p.unit.key: p for p in pairs}, told)


def _changes(
    seen: Described, pairs: Mapping[str, _Pair], told: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """One check per class with enough new or corrected labels."""
    num = numbered(seen.units)
    names = sorted({*num.names, *(p.before for p in pairs.values() if p.before)})
    labels = np.array([names.index(u.label) for u in seen.units], dtype=np.int64)
    num = Numbered(
        names, labels, num.groups, [n for n, c in enumerate(names) if c != BACKGROUND]
    )
    past = [pairs[u.key].before for u in seen.units]
    out = []
    for need in told["needs"]:
        name = need["class"]
        if name not in names:
            continue
        number = names.index(name)
        added = np.array([n for n, p in enumerate(past) if p is None and labels[n] == number])
        touched = [
            n
            for n, p in enumerate(past)
            if p is not None and p != names[labels[n]] and name in (p, names[labels[n]])
        ]
        if len(added) >= _FEWEST_ADDED:
            gain = _realized(seen, num, past, added, corrected=())
            out.append(_said(need, "label", len(added), gain))
        if len(touched) >= _FEWEST_CHANGED:
            gain = _realized(seen, num, past, np.array([], np.int64), corrected=touched)
            out.append(_said(need, "fix", len(touched), gain))
    return out


def _realized(
    seen: Described,
    num: Numbered,
    past: Sequence[str | None],
    added: Any,
    *,
    corrected: Sequence[int],
) -> Gain:
    before = np.array([n for n, p in enumerate(past) if p is not None], dtype=np.int64)
    labels = num.labels.copy()
    said = np.array([num.names.index(past[n] or "") for n in before], dtype=np.int64)
    # Only what was corrected for this class is new; the rest is taken as it is now.
    same = ~np.isin(before, np.array(corrected, np.int64))
    said[same] = labels[before[same]]
    learner = learner_of(seen, labels, len(num.names))
    change = Change(before, said, np.asarray(added, np.int64), bool(len(corrected)))
    return realized_gain(learner, num.groups, change, scored=num.scored)


def _said(need: Mapping[str, Any], kind: str, number: int, gain: Gain) -> dict[str, Any]:
    foretold = _foretold(need, kind, number)
    inside = foretold is not None and foretold["low"] <= gain.median <= foretold["high"]
    return {
        "class": need["class"],
        "kind": kind,
        "number": number,
        "foretold": foretold,
        "realized": gain_json(gain),
        "inside": inside,
    }


def _foretold(need: Mapping[str, Any], kind: str, number: int) -> dict[str, float] | None:
    """The gain that was foretold for as many as came."""
    if kind == "label":
        grid = [0.0, *(float(f["more"]) for f in need["forecast"])]
        return {
            k: float(np.interp(number, grid, [0.0, *(f[k] for f in need["forecast"])]))
            for k in ("median", "low", "high")
        }
    actions = [need["answer"], *need["others"]]
    fix = next((a for a in actions if a["kind"] == "fix"), None)
    return None if fix is None else dict(fix["gain"])
