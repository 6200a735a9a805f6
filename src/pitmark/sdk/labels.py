"""What people say of the same things, on a server: agreement studies and their rules."""

from __future__ import annotations

from pitmark.core.label_book import LabelBook
from pitmark.sdk.connection import Connection, message, part
from pitmark.wire.agreement import AcceptRule, AgreementReport, NewStudy, Study
from pitmark.wire.projects import LabelBook as WireBook


class RemoteLabels:
    """The labels of a project as what people say: how far they agree, and by which rule.

    Args:
        connection: To the server.
        path: Of the project.
    """

    def __init__(self, connection: Connection, path: str) -> None:
        self._connection, self._path = connection, path

    def design_study(
        self, *labelers: str, name: str = "", images: int = 50, trials: int = 2, seed: int = 0
    ) -> Study:
        """Choose images for an agreement study and keep its design.

        Args:
            *labelers: Members of the organisation, by the names that they sign with.
            name: How people call it.
            images: How many.
            trials: How often each labels all of them.
            seed: Of the choice.

        Returns:
            The study.
        """
        new = message(
            NewStudy,
            name=name,
            labelers=list(labelers),
            images=images,
            trials=trials,
            seed=seed,
        )
        return self._connection.send("POST", f"{self._path}/studies", new, Study)

    def studies(self) -> list[Study]:
        """All agreement studies, with how much of each has been answered."""
        return self._connection.get(f"{self._path}/studies", list[Study])

    def agreement(self, study: str) -> AgreementReport:
        """How far people agree in a study: with themselves, each other and the reference.

        Args:
            study: Its id.

        Returns:
            The report, and the rules that would settle where they part.
        """
        path = f"{self._path}/studies/{part(study)}/report"
        return self._connection.get(path, AgreementReport)

    def accept_rule(
        self,
        *classes: str,
        measure: str,
        limit: float,
        unit: str = "px",
        reason: str = "",
    ) -> LabelBook:
        """Write the limit between two classes into the label book; queue what breaks it.

        Args:
            *classes: The one below the limit, then the one above it.
            measure: length, area or short_side.
            limit: The limit.
            unit: px or mm.
            reason: Why.

        Returns:
            The label book with the rule.
        """
        rule = message(
            AcceptRule,
            classes=list(classes),
            measure=measure,
            limit=limit,
            unit=unit,
            reason=reason,
        )
        found = self._connection.send("POST", f"{self._path}/rules", rule, WireBook)
        return LabelBook.from_json(found.model_dump())
