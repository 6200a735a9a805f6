"""Advice on images and labels; each function looks at one thing and may be silent."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pitmark.ops.data.advice_facts import ProjectFacts
from pitmark.ops.labels.finding_order import RankedFinding
from pitmark.quality.advice import Action
from pitmark.store.findings import FindingBrief

# Fewer labeled images than this give no model worth a look.
_FIRST_LABELS = 20
_LABEL_MINUTES = 0.5
_NEXT_LABELS = 20
_SESSION = 20
_STUDY_IMAGES = 30
# Standard deviations that hold nine times in ten.
_NINE_IN_TEN = 1.645
_COMMANDS = {
    "fix": "pitmark findings",
    "rule": "pitmark rule propose",
    "imaging": "pitmark feasibility",
}
_KINDS = {
    "label": "label more",
    "fix": "fix labels",
    "rule": "settle a rule",
    "imaging": "imaging",
}


def on_start(facts: ProjectFacts) -> list[Action]:
    """Images and first labels, without which nothing works."""
    if not facts.images:
        why = "The project holds no image yet."
        return [Action("import", "start", "Import images", why, "pitmark import FOLDER", 2)]
    if facts.labeled < _FIRST_LABELS:
        missing = _FIRST_LABELS - facts.labeled
        title = f"Label {missing} images"
        why = (
            f"{facts.labeled} of {facts.images} images are labeled; a first model needs"
            f" about {_FIRST_LABELS}, of every class some."
        )
        command = f"pitmark select {missing}" if facts.pool else "pitmark import FOLDER"
        out = [Action("label first", "start", title, why, command, missing * _LABEL_MINUTES)]
    else:
        out = []
    if not facts.trained:
        why = "Before more is labeled: are the defects large, sharp and clear enough?"
        out.append(
            Action("feasibility", "start", "Look at the imaging", why, "pitmark feasibility", 2)
        )
    return out


def on_groups(facts: ProjectFacts) -> list[Action]:
    """What must stay together in splits."""
    if facts.images < _FIRST_LABELS or facts.grouped:
        return []
    if facts.groups_seen is not None:
        return _on_group_key(facts.groups_seen)
    why = (
        "No image belongs to a group. If several show one part (or one tile, lot, minute), a"
        " random split tests on what was learned, and every score is too high."
    )
    title = "Find out which images belong together"
    return [Action("groups", "trust", title, why, "pitmark groups propose", 3)]


def _on_group_key(seen: Mapping[str, Any]) -> list[Action]:
    """What the last look for groups calls for; nothing where images seem independent."""
    if not seen.get("key"):
        return []
    why = (
        f"No image belongs to a group yet. A random split would leave {seen['leaked']:.0%} of"
        " the held-out images with a relative in training, and every score too high."
    )
    title = f"Keep together what the key {seen['key']} names"
    return [
        Action("groups", "trust", title, why, f"pitmark groups accept {seen['key']}", 1),
    ]


def on_shortcuts(facts: ProjectFacts) -> list[Action]:
    """Whether something that is no defect gives the class away."""
    if facts.labeled < _FIRST_LABELS:
        return []
    if facts.shortcuts_seen is None:
        why = "Good and bad may differ in light, frame or file rather than in the defect."
        title = "Find out whether anything but the defect tells the class"
        return [Action("shortcuts", "trust", title, why, "pitmark shortcuts", 1)]
    found = list(facts.shortcuts_seen["found"])
    if not found:
        return []
    title = "Take good and bad images under the same conditions"
    return [Action("conditions", "trust", title, found[0], "pitmark shortcuts", 30)]


def on_findings(facts: ProjectFacts) -> list[Action]:
    """Labels that were found doubtful, those of test images first."""
    if facts.labeled < _FIRST_LABELS:
        return []
    if facts.audit is None:
        why = "Nobody has looked for wrong labels yet."
        return [Action("audit", "trust", "Audit the labels", why, "pitmark audit", 1)]
    out = []
    leaks = [f for f in facts.queue if f.row.kind == "leak"]
    if leaks:
        why = (
            f"{len(leaks)} held-out images have their like in training: the score is too high"
            " by what the model remembers of them."
        )
        title = "Take images of one part into one split"
        out.append(Action("leaks", "trust", title, why, "pitmark groups propose", 3))
    others = [f for f in facts.queue if f.row.kind != "leak"]
    tested = [f for f in others if f.split == "test"]
    if tested:
        expected = sum(f.chance for f in tested)
        why = (
            f"{len(tested)} doubtful labels in test images, about {expected:.1f} of them wrong:"
            " a wrong test label makes every later score false."
        )
        title = f"Settle {len(tested)} findings in the test images"
        minutes = sum(f.seconds for f in tested) / 60
        out.append(Action("review", "trust", title, why, "pitmark findings", minutes))
    rest = [f for f in others if f.split != "test"]
    if rest and not facts.review.stop:
        out.append(_session(rest[:_SESSION], len(rest)))
    return out


def _session(shown: Sequence[RankedFinding[FindingBrief]], total: int) -> Action:
    expected = sum(f.chance for f in shown)
    spread = _NINE_IN_TEN * math.sqrt(sum(f.chance * (1 - f.chance) for f in shown))
    low, high = max(expected - spread, 0.0), min(expected + spread, len(shown))
    # What that brings the model is foretold class by class, by `needs`.
    return Action(
        "review",
        "improve",
        f"Settle the next {len(shown)} of {total} findings",
        f"About {expected:.0f} wrong labels are expected among them ({low:.0f} to {high:.0f}).",
        "pitmark findings",
        sum(f.seconds for f in shown) / 60,
    )


def on_classes(facts: ProjectFacts) -> list[Action]:
    """What `needs` found for each class, or the advice to ask it."""
    if facts.labeled < _FIRST_LABELS or facts.task == "anomaly":
        return []
    if facts.needs is None or not facts.needs_are_new:
        old = "was asked of older labels" if facts.needs is not None else "was not asked yet"
        why = f"Which class gains most by more labels, cleaner ones or a rule {old}."
        return [
            Action(
                "needs", "improve", "Find out which class needs what", why, "pitmark needs", 1
            )
        ]
    found = [_of_need(facts, need) for need in facts.needs["needs"]]
    return [action for action in found if action is not None]


def _of_need(facts: ProjectFacts, need: Mapping[str, Any]) -> Action | None:
    answer = need["answer"]
    kind, gain, name = answer["kind"], answer["gain"], need["class"]
    if kind == "enough":
        return None
    command = _COMMANDS.get(kind, "")
    title = {
        "label": f"Label {answer['number']} more of {name}",
        "fix": f"Check the doubtful labels of {name}",
        "rule": f"Settle the rule of {name}",
        "imaging": f"Change how {name} is seen",
    }[kind]
    if kind == "label":
        enough = facts.pool >= answer["number"]
        command = f"pitmark select {answer['number']}" if enough else "pitmark import FOLDER"
    why = answer["text"] + (f" {need['trade']}" if need["trade"] else "")
    return Action(
        _KINDS[kind],
        "improve",
        title,
        why,
        command,
        float(answer["minutes"]),
        gain=gain["median"],
        low=min(gain["low"], gain["median"]),
        high=max(gain["high"], gain["median"]),
        basis=str(facts.needs["judged_by"]) if facts.needs else "",
    )


def on_slices(facts: ProjectFacts) -> list[Action]:
    """Confirmed weak slices of the newest audit."""
    out = []
    for one in (facts.audit or {}).get("slices", ()):
        rule: Mapping[str, str] = one["rule"]
        where = [f'--where "{k}={v}"' for k, v in rule.items() if k != "class"]
        label = f' "{rule["class"]}"' if "class" in rule else ""
        made = where and facts.task in ("detection", "segmentation")
        command = f"pitmark synthesize{label} {' '.join(where)}" if made else "pitmark slices"
        out.append(
            Action(
                "weak slice",
                "improve",
                f"Label or make more images of {one['name']}",
                f"{one['sentence']}. Confirmed on images that the search had not seen.",
                command,
                _NEXT_LABELS * _LABEL_MINUTES,
            )
        )
    return out


def on_agreement(facts: ProjectFacts) -> list[Action]:
    """Whether anybody knows how far people agree."""
    if facts.labeled < _STUDY_IMAGES or facts.studies or facts.shared >= _STUDY_IMAGES:
        return []
    who = "One person has" if facts.labelers == 1 else f"{facts.labelers} people have"
    why = (
        f"{who} labeled, hardly any image twice. What they do not agree on no model can learn,"
        " and no figure shows it."
    )
    command = f"pitmark agreement design --labeler A --labeler B --images {_STUDY_IMAGES}"
    title = "Let two people label the same images"
    minutes = 4 * _STUDY_IMAGES * _LABEL_MINUTES
    return [Action("agreement", "improve", title, why, command, minutes)]
