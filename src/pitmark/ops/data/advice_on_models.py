"""Advice on training, synthesis, forecasts, releases and the datasheet."""

from __future__ import annotations

from pitmark.ops.data.advice_facts import ProjectFacts
from pitmark.quality.advice import Action

_FIRST_LABELS = 20
# With more of its own examples a class gains little from made ones.
_FEW_EXAMPLES = 30
_BLANK_MINUTES = 2.0


def on_training(facts: ProjectFacts) -> list[Action]:
    """A first model, or a new one where labels have changed."""
    if facts.labeled < _FIRST_LABELS:
        return []
    if not facts.trained:
        why = f"{facts.labeled} labeled images are enough for a first look at what is possible."
        return [Action("train", "improve", "Train a first model", why, "pitmark train", 1)]
    if facts.changed:
        why = f"{facts.changed} images were labeled anew since the last snapshot."
        command = "pitmark snapshot && pitmark train"
        return [Action("train", "improve", "Train on the new labels", why, command, 1)]
    newest = facts.snapshot
    if newest is not None and facts.trained[0].snapshot_id != newest.id:
        why = f"No model has learned from snapshot {newest.id[:12]} yet."
        return [Action("train", "improve", "Train on the newest data", why, "pitmark train", 1)]
    return []


def on_synthesis(facts: ProjectFacts) -> list[Action]:
    """Synthetic images for classes with few examples, where it was not tried yet."""
    tried = {str(s.record["label"]) for s in facts.syntheses}
    if not facts.trained or facts.needs is None or facts.task == "anomaly":
        return []
    out = []
    for need in facts.needs["needs"]:
        name, count = need["class"], need["examples"]
        if need["answer"]["kind"] != "label" or count >= _FEW_EXAMPLES or name in tried:
            continue
        why = (
            f"{name} has {count} examples. Images made of its own defects cost no labeling;"
            " they are kept only if real test images get better by them."
        )
        title = f"Make images of {name}"
        out.append(
            Action("synthesis", "improve", title, why, f'pitmark synthesize "{name}"', 1)
        )
    return out


def on_forecasts(facts: ProjectFacts) -> list[Action]:
    """Forecasts that newer labels allow to check."""
    if facts.needs is None or facts.needs_are_new or facts.needs_checked:
        return []
    why = "There are newer labels than those of the last forecast: did it come true?"
    command = "pitmark needs --history"
    return [Action("forecast", "run", "Check what was foretold", why, command, 1)]


def on_release(facts: ProjectFacts) -> list[Action]:
    """A newer model than the one that was released last."""
    if not facts.trained:
        return []
    newest = facts.trained[0]
    released = {r.run_id for r in facts.releases}
    if newest.id in released:
        return []
    if not facts.releases:
        why = "No model has been released yet: nothing is inspected."
        return [Action("release", "run", "Release the model", why, "pitmark release", 1)]
    last = facts.releases[0]
    why = f"Run {newest.id} is newer than release {last.version} (run {last.run_id})."
    command = f"pitmark evaluate --run {newest.id} --compare {last.run_id}"
    title = "Compare the new model with the released one"
    return [Action("release", "run", title, why, command, 2)]


def on_datasheet(facts: ProjectFacts) -> list[Action]:
    """Questions about the data that only a person can answer."""
    if not facts.trained or facts.blanks == 0:
        return []
    if facts.blanks is None:
        why = "What the data is, how it was made and what it is good for is not written down."
    else:
        why = f"{facts.blanks} questions about the data have no answer yet."
    minutes = _BLANK_MINUTES * (facts.blanks or 4)
    title = "Fill the datasheet"
    return [Action("datasheet", "run", title, why, "pitmark datasheet", minutes)]
