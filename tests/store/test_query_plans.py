"""Questions about some of many rows must not read all rows of a project."""

import re

import pytest
from sqlalchemy import event

from pitmark.store.annotations import NewAnnotation
from pitmark.store.findings import NewFinding
from tests.store.engines import on_postgresql, on_sqlite
from tests.store.making import add_images, box, label


@pytest.fixture
def plans(store):
    """What the database does for each statement: a list that fills while it works."""
    seen = []

    def note(connection, cursor, statement, parameters, context, many):
        if statement.startswith("SELECT") and not many:
            rows = connection.connection.driver_connection.execute(
                f"EXPLAIN QUERY PLAN {statement}", parameters
            )
            seen.extend((row[3], statement) for row in rows)

    event.listen(store.database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(store.database.engine, "before_cursor_execute", note)


ASKED = {
    "labels of some images": lambda p, shas: p.annotations.told(shas),
    "labels that hold": lambda p, shas: p.annotations.consensus(shas),
    "saving": lambda p, shas: p.annotations.add_many(
        [NewAnnotation(s, (box("dent"),), "bob", 1, key=s[:9]) for s in shas]
    ),
    "images by key": lambda p, shas: list(p.facts.images(sorted(p.images.ids(shas).values()))),
    "what was said": lambda p, shas: list(p.facts.said(sorted(p.images.ids(shas).values()))),
    "findings of images": lambda p, shas: list(
        p.facts.open_findings(sorted(p.images.ids(shas).values()))
    ),
    "findings of an image": lambda p, shas: p.findings.open_on(shas[0]),
    "the newest change": lambda p, shas: p.facts.stamp(),
    "what changed": lambda p, shas: p.facts.changed(5),
    "whether it may be shown": lambda p, shas: (
        p.images.shows(shas[0]),
        p.images.shows("0" * 64),
    ),
    "verdicts of a release": lambda p, shas: p.events.counts_of_release(3),
    "all names": lambda p, shas: p.images.names_of(shas[0]),
}


@on_sqlite
def test_labeled_images_are_counted_from_indexes_alone(project, plans):
    for sha in add_images(project, [f"{n}" for n in range(60)]):
        label(project, sha, box())
    plans.clear()
    assert project.info.labeled == 60
    steps = [plan for plan, asked in plans if "withdraws" in asked and "INDEX" in plan]
    assert len(steps) == 2
    assert all("USING COVERING INDEX ix_annotations_" in step for step in steps), steps


@on_sqlite
@pytest.mark.parametrize("what", ASKED)
def test_some_rows_are_found_without_reading_all(project, plans, what):
    shas = add_images(project, [f"{n}" for n in range(60)])
    for sha in shas:
        label(project, sha, box())
    project.findings.save([NewFinding("k", s, 0, 0.5, "w") for s in shas], source="audit")
    plans.clear()
    ASKED[what](project, shas)
    whole = [
        (plan, statement)
        for plan, statement in plans
        # Rows by organisation and project alone are all rows of the project.
        if plan.startswith("SCAN") or plan.endswith("(organisation_id=? AND project_id=?)")
        if "book_revisions" not in plan and "max(changes.id)" not in statement
    ]
    assert plans
    assert whole == []


def _nodes(plan):
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _reads_all(node):
    """Whether a step of PostgreSQL reads all rows of a project, or of everybody."""
    columns = set(re.findall(r"\((\w+)\)?(?:::text)? [=<>]", node.get("Index Cond", "")))
    by_project = bool(columns) and columns <= {"organisation_id", "project_id"}
    return node["Node Type"] == "Seq Scan" or by_project


@pytest.fixture
def server_plans(store):
    """The steps that PostgreSQL plans for each statement: a list that fills while it works."""
    seen = []

    def note(connection, cursor, statement, parameters, context, many):
        if statement.startswith("SELECT") and "FROM" in statement and not many:
            asked = connection.connection.driver_connection.cursor()
            asked.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
            ((plans,),) = asked.fetchall()
            seen.extend((node, statement) for p in plans for node in _nodes(p["Plan"]))

    event.listen(store.database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(store.database.engine, "before_cursor_execute", note)


@on_postgresql
def test_the_server_finds_some_rows_without_reading_all(project, server_plans):
    shas = add_images(project, [f"{n}" for n in range(2500)])
    said = [NewAnnotation(s, (box(),), "ann", 1) for s in shas]
    project.annotations.add_many(said)
    project.findings.save([NewFinding("k", s, 0, 0.5, "w") for s in shas], source="audit")
    server_plans.clear()
    for ask in ASKED.values():
        ask(project, shas[:5])
    assert len(server_plans) > 2 * len(ASKED)
    whole = [
        (node, statement)
        for node, statement in server_plans
        if _reads_all(node)
        if node.get("Relation Name") != "book_revisions" and "max(changes.id)" not in statement
    ]
    assert whole == []
