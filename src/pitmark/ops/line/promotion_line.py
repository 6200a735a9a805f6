"""The checks of a version on devices and on the newest parts, where no truth is known.

The reasons are read by people on the line: no word of theirs is one of machine learning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pitmark.ops.line.promotion_record import Check
from pitmark.ops.line.promotion_rules import GateRules, WayBack

# What no answer can mend.
_ASK = "No answer mends that: ask an admin."


def same_on_device(
    golden: Mapping[str, Any], new_ms: float, old_ms: float | None, rules: GateRules
) -> Check:
    """The file for the devices gives the same verdicts, and in time.

    Args:
        golden: The replay of the golden images in the runtime of the device.
        new_ms: Time per image of the new version, here.
        old_ms: Of the version in use, None without one.
        rules: The longest time.

    Returns:
        The check.
    """
    name, title = "same_on_device", "The same on the device, and in time"
    figures = {
        "golden": dict(golden),
        "ms": round(new_ms, 2),
        "ms_in_use": None if old_ms is None else round(old_ms, 2),
        "limit_ms": rules.latency_ms,
    }
    if not golden.get("ok"):
        reason = f"On the device it would judge otherwise than here. {_ASK}"
        return Check(name, title, "failed", reason, figures, "file")
    told = f"A picture takes {new_ms:.0f} ms here"
    told += "." if old_ms is None else f", with the version in use {old_ms:.0f} ms."
    if new_ms > rules.latency_ms:
        reason = f"{told} Allowed are {rules.latency_ms:.0f} ms. {_ASK}"
        return Check(name, title, "failed", reason, figures, "file")
    return Check(name, title, "passed", f"It judges there as here. {told}", figures)


@dataclass(frozen=True, slots=True)
class Shadow:
    """One image from the line as both versions judge it: OK, NG or error."""

    name: str
    sha256: str
    device: str
    old: str
    new: str
    old_score: float
    new_score: float

    def to_json(self) -> dict[str, Any]:
        """The image as plain JSON types."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            "device": self.device,
            "old": self.old,
            "new": self.new,
            "old_score": round(self.old_score, 4),
            "new_score": round(self.new_score, 4),
        }


def side_by_side(rows: Sequence[Shadow], rules: GateRules) -> Check:
    """Both versions on the newest images from the line, and where they disagree.

    Args:
        rows: The images.
        rules: By how much the share of NG may rise.

    Returns:
        The check; the figures list every disagreement.
    """
    name, title = "side_by_side", "Side by side on the newest parts"
    if not rows:
        reason = "No device has sent a picture since."
        return Check(name, title, "nothing to check", reason)
    apart = [r for r in rows if r.old != r.new]
    old_ng, new_ng = (sum(v == "NG" for v in s) for s in _verdicts(rows))
    old_bad, new_bad = (sum(v == "error" for v in s) for s in _verdicts(rows))
    figures = {
        "images": len(rows),
        "old_ng": old_ng,
        "new_ng": new_ng,
        "errors": new_bad,
        "disagreements": [r.to_json() for r in apart],
        "ng_rise_allowed": rules.ng_rise,
    }
    told = (
        f"Of the newest {len(rows)} parts it calls {new_ng} NG, the version in use {old_ng};"
        f" on {len(apart)} they disagree."
    )
    if new_bad > old_bad:
        reason = (
            f"{told} More pictures cannot be judged at all: {new_bad}, before {old_bad}. {_ASK}"
        )
        return Check(name, title, "failed", reason, figures, "file")
    if (new_ng - old_ng) / len(rows) > rules.ng_rise:
        reason = (
            f"{told} So many more NG would stop the line. Get and answer pictures of such parts"
            " and make a new version again; if they are NG indeed, ask an admin to let it pass."
        )
        return Check(name, title, "failed", reason, figures, "worse")
    return Check(name, title, "passed", told, figures)


def _verdicts(rows: Sequence[Shadow]) -> tuple[list[str], list[str]]:
    return [r.old for r in rows], [r.new for r in rows]


def first_devices(share: float) -> Check:
    """To how many devices the version goes first.

    Args:
        share: Of the devices, 0 to 1; 0 gives it to all at once.

    Returns:
        The check, which only states it.
    """
    name, title, figures = "first_devices", "First on some devices", {"share": share}
    if not share:
        reason = "It is offered to all devices at once."
        return Check(name, title, "nothing to check", reason, figures)
    reason = f"It goes to {share:.0%} of the devices first."
    return Check(name, title, "passed", reason, figures)


def way_back(rule: WayBack, version: int | None) -> Check:
    """When the version before comes back by itself.

    Args:
        rule: See WayBack.
        version: The release in use now; None where there is nothing to go back to.

    Returns:
        The check, which only states it.
    """
    name, title = "way_back", "The way back"
    figures = {
        "parts": rule.parts,
        "ng_rise": rule.ng_rise,
        "error_rise": rule.error_rise,
        "days": rule.days,
        "to": version,
    }
    if version is None:
        reason = "There is no earlier version to go back to."
        return Check(name, title, "nothing to check", reason, figures)
    reason = (
        f"For {rule.days:g} days version {version} comes back by itself if, over"
        f" {rule.parts} parts or more, NG rises by more than {rule.ng_rise:.0%} or errors by"
        f" more than {rule.error_rise:.0%} of the parts."
    )
    return Check(name, title, "passed", reason, figures)
