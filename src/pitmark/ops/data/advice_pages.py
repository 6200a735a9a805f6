"""Where in the web app an advised action is done, and which job a button can start."""

from __future__ import annotations

from pitmark.quality.advice import Action

_PAGES = {
    "import": "images",
    "label first": "annotate",
    "label more": "annotate",
    "feasibility": "report",
    "imaging": "report",
    "groups": "images",
    "leaks": "images",
    "shortcuts": "report",
    "conditions": "report",
    "audit": "findings",
    "review": "findings",
    "fix labels": "findings",
    "rule": "agreement",
    "settle a rule": "agreement",
    "agreement": "agreement",
    "needs": "report",
    "weak slice": "images",
    "synthesis": "train",
    "train": "train",
    "forecast": "report",
    "release": "release",
    "datasheet": "datasheet",
}
# Only what a person would start without setting anything: the kind of action to the job.
_JOBS = {
    "feasibility": "feasibility",
    "imaging": "feasibility",
    "audit": "audit",
    "groups": "groups",
    "shortcuts": "shortcuts",
    "needs": "needs",
    "synthesis": "synthesize",
    "train": "train",
    "release": "release",
}
_IMPORTS, _COMPARES = "pitmark import", "pitmark evaluate"
# Which key to accept is for a person to say.
_ACCEPTS = "pitmark groups accept"


def page_of(action: Action) -> str:
    """The page of the web app on which an action is done.

    Args:
        action: From the advice.

    Returns:
        next, images, annotate, book, agreement, findings, train, report, release, line or
        datasheet.
    """
    if action.command.startswith(_IMPORTS):
        return "images"
    if action.command.startswith(_COMPARES):
        return "report"
    return _PAGES.get(action.kind, "next")


def job_of(action: Action) -> str | None:
    """The kind of job that does an action at the press of a button.

    Args:
        action: From the advice.

    Returns:
        A kind of job; None where a person has to do it, or to choose something first.
    """
    if action.command.startswith((_COMPARES, _ACCEPTS)):
        return None
    return _JOBS.get(action.kind)
