"""The datasheet of a snapshot: what the project knows is filled in, the rest is asked for.

Its questions follow Gebru et al., "Datasheets for datasets", 2021, cut to what matters
for inspection. Answers of people are kept with the project and used again for every later
snapshot; each datasheet that was made can be read again as it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pitmark.core.errors import InvalidInputError, NotFoundError
from pitmark.ops.data.datasheet_facts import Facts, gather_facts
from pitmark.ops.data.datasheet_words import FILLED
from pitmark.store.db import ProjectStore

KIND = "datasheet"
_ARTIFACT = "datasheet"
_LONGEST_ANSWER = 20_000


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the datasheet.

    `filled` tells that the project answers by itself; a person may add to it.
    """

    key: str
    section: str
    text: str
    filled: bool


def _asked(section: str, *items: tuple[str, str]) -> tuple[Question, ...]:
    return tuple(Question(key, section, text, key in FILLED) for key, text in items)


QUESTIONS = (
    *_asked(
        "Motivation",
        ("purpose", "What is inspected, and which decision rests on it?"),
        ("creators", "Who made this data set, and for whom?"),
    ),
    *_asked(
        "Composition",
        ("contents", "What is in it?"),
        ("classes", "How many of each class, and in which split?"),
        ("population", "Of which products, lines and times is it a sample; what is not in it?"),
        ("errors", "What is known to be wrong, missing or there twice?"),
        ("people", "Does it show people, or anything that tells who a person is?"),
    ),
    *_asked(
        "Collection",
        ("sources", "Where did the images come from, and when?"),
        ("imaging", "Which camera, lens, light and distance took them?"),
        ("metadata", "What is known of each image?"),
    ),
    *_asked(
        "Labels and preprocessing",
        ("label_book", "What did the labels have to follow?"),
        ("labeling", "Who labeled, how often, and how far do they agree?"),
        ("preprocessing", "What is done to an image before a model sees it?"),
        ("synthetic", "Are there images that no camera took?"),
    ),
    *_asked(
        "Uses",
        ("used_for", "What has it been used for?"),
        ("unsuitable", "What should it not be used for?"),
    ),
    *_asked(
        "Distribution and maintenance",
        ("license", "Who owns it, and under which license may it be used?"),
        ("maintainer", "Who looks after it, and how are they reached?"),
        ("history", "How has it changed?"),
    ),
)
KEYS = tuple(q.key for q in QUESTIONS)


@dataclass(frozen=True, slots=True)
class Datasheet:
    """The datasheet of one snapshot.

    Attributes:
        created: When it was made, in ISO format.
        facts: From `gather_facts`.
        answers: Of people, by the key of the question.
    """

    created: str
    facts: Facts
    answers: Mapping[str, str]

    def paragraphs(self, key: str) -> list[str]:
        """What is said to one question: a person first, then the project.

        Args:
            key: Of the question.

        Returns:
            Plain text; empty where nobody has answered yet.
        """
        own = [self.answers[key]] if self.answers.get(key) else []
        return own + (FILLED[key](self.facts) if key in FILLED else [])

    @property
    def blanks(self) -> tuple[Question, ...]:
        """The questions that only a person can answer and nobody has."""
        return tuple(q for q in QUESTIONS if not self.paragraphs(q.key))

    def to_json(self) -> dict[str, Any]:
        """The datasheet as plain JSON types."""
        return {
            "created": self.created,
            "questions": [asdict(q) for q in QUESTIONS],
            "facts": self.facts,
            "answers": dict(self.answers),
            "sheet": {q.key: self.paragraphs(q.key) for q in QUESTIONS},
            "blanks": {q.key: q.text for q in self.blanks},
        }


def draft_datasheet(
    project: ProjectStore,
    *,
    snapshot: str = "latest",
    answers: Mapping[str, str] | None = None,
) -> Datasheet:
    """The datasheet of a snapshot as it would be now; nothing is kept.

    Args:
        project: The project.
        snapshot: The snapshot it describes.
        answers: As for `make_datasheet`.

    Returns:
        The datasheet.

    Raises:
        NotFoundError: No such snapshot.
        InvalidInputError: There is no such question, or an answer is no text.
    """
    checked = _checked(answers or {})
    known = {**_last_answers(project), **checked}
    return Datasheet(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        facts=gather_facts(project, snapshot),
        answers={k: known[k] for k in KEYS if known.get(k)},
    )


def make_datasheet(
    project: ProjectStore,
    *,
    snapshot: str = "latest",
    answers: Mapping[str, str] | None = None,
) -> Datasheet:
    """Make the datasheet of a snapshot and keep it with the project.

    Args:
        project: The project.
        snapshot: The snapshot it describes.
        answers: Text by the key of a question; joined with what was answered before, an
            empty text takes an answer back.

    Returns:
        The datasheet.

    Raises:
        NotFoundError: No such snapshot.
        InvalidInputError: There is no such question, or an answer is no text.
    """
    sheet = draft_datasheet(project, snapshot=snapshot, answers=answers)
    row = project.runs.create(KIND, sheet.facts["snapshot"]["id"], {}, 0)
    blob = project.blobs.put(json.dumps(sheet.to_json(), ensure_ascii=False).encode())
    project.runs.finish(
        row.id,
        metrics={"blanks": len(sheet.blanks)},
        inspector=None,
        artifacts={_ARTIFACT: blob},
    )
    return sheet


def latest_datasheet(project: ProjectStore) -> Datasheet:
    """The datasheet that was made last; drafted from what is known where none was.

    Args:
        project: The project.

    Returns:
        The datasheet.

    Raises:
        NotFoundError: None was made and there is no snapshot to describe.
    """
    for row in project.runs.list(kind=KIND):
        if row.state == "done":
            kept = json.loads(project.blobs.read(row.artifacts[_ARTIFACT]))
            return Datasheet(kept["created"], kept["facts"], kept["answers"])
    return draft_datasheet(project)


def read_answers(file: Path | None, given: Sequence[str]) -> dict[str, str]:
    """Answers from a file and from lines of the form KEY=TEXT, which count more.

    Args:
        file: A JSON object of text by key, or None.
        given: The lines.

    Returns:
        Text by key.

    Raises:
        InvalidInputError: The file is no such object, or a line has no key.
        NotFoundError: There is no such file.
    """
    answers: dict[str, str] = {}
    if file is not None:
        if not file.is_file():
            raise NotFoundError(f"there is no file {str(file)!r}")
        try:
            answers |= dict(json.loads(file.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as exc:
            raise InvalidInputError(
                f"{file} is no JSON object of answers: {exc}",
                hint='It should look like {"purpose": "..."}.',
            ) from exc
    for line in given:
        key, found, text = line.partition("=")
        if not found:
            raise InvalidInputError(
                f"{line!r} names no question", hint="Write KEY=TEXT, as in purpose='...'."
            )
        answers[key.strip()] = text
    return answers


def _last_answers(project: ProjectStore) -> dict[str, str]:
    for row in project.runs.list(kind=KIND):
        if row.state == "done":
            kept = json.loads(project.blobs.read(row.artifacts[_ARTIFACT]))
            return {str(k): str(v) for k, v in kept["answers"].items()}
    return {}


def _checked(answers: Mapping[str, str]) -> dict[str, str]:
    out = {}
    for key, text in answers.items():
        if key not in KEYS:
            raise InvalidInputError(
                f"the datasheet has no question {key!r}",
                hint=f"Questions: {', '.join(KEYS)}.",
            )
        if not isinstance(text, str) or len(text) > _LONGEST_ANSWER:
            raise InvalidInputError(
                f"the answer to {key} must be text of at most {_LONGEST_ANSWER} characters"
            )
        out[key] = text.strip()
    return out
