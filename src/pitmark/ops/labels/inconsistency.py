"""Find groups of things that look alike and are labeled by two rules, and queue them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.labels import BoxShape, ImageClass, Shape, shape_box, shapes_hash
from pitmark.core.predictions import Prediction
from pitmark.core.progress import Reporter
from pitmark.core.records import LabeledImage
from pitmark.ops.images.embeddings import Vectors, embed_all, embed_places
from pitmark.ops.labels.asked import WHOLE_IMAGE_TASKS, Asked, things_asked, unmarked_objects
from pitmark.quality.agreement.object_votes import NOTHING
from pitmark.quality.rules.features import metadata_features
from pitmark.quality.rules.systematic import InconsistentGroup, Votes, inconsistent_groups
from pitmark.store.db import ProjectStore
from pitmark.store.findings import NewFinding

GROUP = "inconsistent_group"
MEMBER = "inconsistent_label"
_FEWEST = 20
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MOST_PAIRS = 200

Objects = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Seen:
    """What an audit knows beside the labels: predictions out of fold and their classes.

    `vectors` are of whole images; `objects` of the labeled shapes in order, for the labels
    of `images`.
    """

    classes: Sequence[str]
    predictions: Mapping[str, Prediction]
    images: Sequence[LabeledImage]
    vectors: Vectors
    objects: Objects


@dataclass(frozen=True, eq=False)
class GroupsFound:
    """Findings on groups and their members, and the groups for pages as plain JSON types."""

    findings: tuple[NewFinding, ...]
    groups: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    """One vote: about which thing, by whom, for which class."""

    thing: Asked
    labeler: str
    label: str


def find_groups(project: ProjectStore, seen: Seen, report: Reporter) -> GroupsFound:
    """Groups of look-alikes whose labels depend on who, when, by which book or where.

    What a reviewer settled is left out. The finding of a group stands on its clearest
    member; `related` alternates between the two sides from there on.

    Args:
        project: The project.
        seen: What the audit knows.
        report: Told of the progress.

    Returns:
        One finding per group, and one per member whose label is the one held to be true.
    """
    held = project.annotations.consensus()
    candidates = unmarked_objects({s: r.shapes for s, r in held.items()}, seen.predictions)
    things = [t for t in things_asked(project, candidates) if not t.settled]
    answers = [_Answer(t, who, label) for t in things for who, label in t.said.items()]
    if len(things) < _FEWEST or len({a.label for a in answers}) < 2:
        return GroupsFound((), ())
    classes = sorted({a.label for a in answers})
    place = {id(t): n for n, t in enumerate(things)}
    columns, ordered = _columns(answers)
    votes = Votes(
        np.array([place[id(a.thing)] for a in answers], dtype=np.int64),
        np.array([classes.index(a.label) for a in answers], dtype=np.int64),
        columns,
        [t.image.group_key for t in things],
        ordered,
    )
    vectors = _vectors(project, things, seen, report)
    found = inconsistent_groups(
        votes, vectors, classes, log_probs=_log_probs(things, seen, classes)
    )
    findings: list[NewFinding] = []
    for group in found:
        findings.append(_group_finding(group, answers))
        findings += _member_findings(group, answers, held)
    return GroupsFound(tuple(findings), tuple(_group_json(g, answers) for g in found))


def without_members(
    found: Sequence[NewFinding], members: Sequence[NewFinding]
) -> list[NewFinding]:
    """Findings without those that say of a single label what a group says of it already.

    Args:
        found: On single labels.
        members: Of groups.

    Returns:
        The findings left; those on other shapes, or with another suggestion, stay.
    """
    told = {(m.sha256, m.shape_index, _suggested(m)) for m in members if m.kind == MEMBER}
    return [f for f in found if (f.sha256, f.shape_index, _suggested(f)) not in told]


def _suggested(finding: NewFinding) -> str:
    return "" if finding.suggestion is None else shapes_hash(finding.suggestion)


def _columns(answers: Sequence[_Answer]) -> tuple[dict[str, NDArray[Any]], frozenset[str]]:
    """Who, when, by which label book, and all metadata of the image."""
    rows = [a.thing.rows[a.labeler] for a in answers]
    dates = np.array([row.at.date().isoformat() for row in rows])
    columns: dict[str, NDArray[Any]] = {
        "labeler": np.array([a.labeler for a in answers]),
        "label-book revision": np.array([float(row.book_revision) for row in rows]),
        "labeled on": dates,
    }
    for feature in metadata_features([a.thing.image.metadata for a in answers]):
        columns.setdefault(feature.name, feature.values)
    told = {name: column for name, column in columns.items() if len(np.unique(column)) > 1}
    ordered = {"labeled on"} | {n for n, c in told.items() if _is_dates(c)}
    for name in ordered & told.keys():
        told[name] = np.array([str(v)[:10] for v in told[name]])
    return told, frozenset(ordered & told.keys())


def _is_dates(column: NDArray[Any]) -> bool:
    return column.dtype.kind == "U" and all(_DATE.match(v) for v in np.unique(column))


def _vectors(
    project: ProjectStore, things: Sequence[Asked], seen: Seen, report: Reporter
) -> NDArray[np.float32]:
    """(N, D); what the audit embedded already is taken from it."""
    known = _known_vectors(things, seen)
    missing = {
        str(n): (t.image.sha256, t.box_xyxy) for n, t in enumerate(things) if n not in known
    }
    if missing and project.task in WHOLE_IMAGE_TASKS:
        shown = {sha: n for n, (sha, _) in missing.items()}
        images = [LabeledImage(t.image, (), "train") for t in things if t.image.sha256 in shown]
        made = embed_all(project, images, report)
        known |= {int(n): made[sha] for sha, n in shown.items()}
    elif missing:
        known |= {int(n): v for n, v in embed_places(project, missing, report).items()}
    return np.stack([known[n] for n in range(len(things))])


def _known_vectors(things: Sequence[Asked], seen: Seen) -> dict[int, NDArray[np.float32]]:
    boxes = {
        (i.image.sha256, shape_box(s)): seen.objects[i.image.sha256][n]
        for i in seen.images
        if i.image.sha256 in seen.objects
        for n, s in enumerate(i.shapes or ())
    }
    out: dict[int, NDArray[np.float32]] = {}
    for n, thing in enumerate(things):
        sha = thing.image.sha256
        if thing.box_xyxy is None:
            found = seen.vectors.get(sha)
        else:
            found = boxes.get((sha, thing.box_xyxy))
        if found is not None:
            out[n] = found
    return out


def _log_probs(
    things: Sequence[Asked], seen: Seen, classes: Sequence[str]
) -> NDArray[np.float64] | None:
    """(N, K) of whole images out of fold; None where some image or class has none."""
    said = [seen.predictions.get(t.image.sha256) for t in things]
    if any(p is None or p.class_probs is None for p in said):
        return None
    if not set(classes) <= set(seen.classes):
        return None
    place = [list(seen.classes).index(c) for c in classes]
    table = np.stack(
        [p.class_probs for p in said if p is not None and p.class_probs is not None]
    )
    return np.asarray(np.log(np.maximum(table[:, place].astype(np.float64), 1e-9)))


def _pairs(
    group: InconsistentGroup, answers: Sequence[_Answer]
) -> list[tuple[_Answer, _Answer]]:
    partners = group.counterparts or group.members
    both = zip(group.members, partners, strict=True)
    return [(answers[m], answers[c]) for m, c in both][:_MOST_PAIRS]


def _group_finding(group: InconsistentGroup, answers: Sequence[_Answer]) -> NewFinding:
    pairs = _pairs(group, answers)
    shas = [a.thing.image.sha256 for pair in pairs for a in pair]
    return NewFinding(
        kind=GROUP,
        sha256=shas[0],
        shape_index=None,
        score=1.0 - group.level,
        why=group.sentence(),
        suggestion=None,
        related=shas[1:],
    )


def _member_findings(
    group: InconsistentGroup, answers: Sequence[_Answer], held: Mapping[str, Any]
) -> list[NewFinding]:
    """One per label of the smaller side that is held to be true."""
    out = []
    for member, partner in _pairs(group, answers):
        sha = member.thing.image.sha256
        row = held.get(sha)
        if row is None or row.id != member.thing.rows[member.labeler].id:
            continue
        index = member.thing.shape_index.get(member.labeler)
        out.append(
            NewFinding(
                kind=MEMBER,
                sha256=sha,
                shape_index=index,
                score=float(np.clip(group.member_chance, 0.01, 0.99)),
                why=f"{group.deviating.condition}: {member.label}; {group.others.condition}:"
                f" {100 * group.others.share:.0f} of 100 that look like it {partner.label}",
                suggestion=_suggestion(row.shapes, index, member.thing, partner.label),
                related=[partner.thing.image.sha256],
                labels_hash=shapes_hash(row.shapes),
            )
        )
    return out


def _suggestion(
    shapes: tuple[Shape, ...], index: int | None, thing: Asked, label: str
) -> tuple[Shape, ...] | None:
    """All shapes as the other side would have them."""
    if thing.box_xyxy is None:
        return (ImageClass(label),) if label != NOTHING else ()
    if index is None:
        return (*shapes, BoxShape(label, thing.box_xyxy))
    if label == NOTHING:
        return (*shapes[:index], *shapes[index + 1 :])
    return (*shapes[:index], replace(shapes[index], label=label), *shapes[index + 1 :])


def _group_json(group: InconsistentGroup, answers: Sequence[_Answer]) -> dict[str, Any]:
    return {
        "image": _pairs(group, answers)[0][0].thing.image.sha256,
        "column": group.column,
        "also": list(group.also),
        "sides": [
            {
                "condition": side.condition,
                "label": side.label,
                "votes": side.votes,
                "total": side.total,
                "share": side.share,
            }
            for side in (group.deviating, group.others)
        ],
        "alike": len(group.votes),
        "difference": {"value": group.difference, "low": group.low, "high": group.high},
        "false_discovery_level": group.level,
        "sentence": group.sentence(),
        "pairs": [[_answer_json(a) for a in pair] for pair in _pairs(group, answers)],
    }


def _answer_json(answer: _Answer) -> dict[str, Any]:
    thing = answer.thing
    return {
        "sha256": thing.image.sha256,
        "image": thing.image.name,
        "labeler": answer.labeler,
        "label": answer.label,
        "box_xyxy": None if thing.box_xyxy is None else list(thing.box_xyxy),
    }
