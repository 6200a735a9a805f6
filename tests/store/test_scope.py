import ast
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import ClauseElement

import pitmark.store.scope
from pitmark.core.errors import NotFoundError
from pitmark.core.label_book import LabelBook
from pitmark.store.db import open_store
from pitmark.store.device_reports import DeviceState, Note
from pitmark.store.events import EventRow
from pitmark.store.findings import NewFinding
from pitmark.store.fleet import FleetFilter
from pitmark.store.schema import now
from pitmark.store.studies import NewAnswer
from tests.store.making import box, labeled_image, snapshot_of

STORE = Path(pitmark.store.scope.__file__).parent


def _live(project):
    """Everything that a project can do, once."""
    shas = [labeled_image(project, f"{i}", box(), group="g") for i in range(2)]
    project.images.add(project.images.get(shas[0]), source="again")
    project.images.set_metadata(shas[0], {"lot": 1})
    project.images.set_group({shas[0]: "h"})
    project.images.find("0"), project.images.find(shas[0][:8])
    list(project.images.iterate(1)), project.images.occurrences()
    project.annotations.all_latest(), project.annotations.labelers()
    snapshot_of(project)
    project.snapshots.get(), project.snapshots.load(), project.snapshots.last_splits()
    run = project.runs.create("train", "latest", {}, 0)
    project.runs.heartbeat(run.id)
    blob = project.blobs.put(b"blob")
    project.runs.save_predictions(run.id, "latest", "oof", blob)
    project.runs.predictions(run.id, "oof")
    project.runs.finish(run.id, {}, None, {"model": blob})
    project.runs.amend(run.id, metrics={"a": 1}), project.runs.list(kind="train")
    project.releases.add(run.id, project.releases.next_version(), blob, {})
    project.findings.save([NewFinding("k", s, 0, 0.5, "w") for s in shas], source="x")
    project.findings.save([NewFinding("k", s, 0, 0.6, "w") for s in shas], source="x")
    first, second = project.findings.list("open", "k", 5)
    project.findings.settle(first.id, "corrected", "ann", correction=[box("dent")])
    project.findings.correct_beside(first.id, shas[1], [box("dent", left=9.0)])
    project.findings.last_decision("ann"), project.findings.settled_with(first.id)
    project.findings.briefs("open", "k"), project.findings.many([second.id])
    project.runs.count_done("train"), project.releases.count()
    project.findings.decided(), project.findings.undo(first.id, by="ann")
    project.findings.weigh({first.id: {"value": 0.5}})
    project.findings.save([], source="x"), project.findings.counts()
    project.events.add_many([EventRow("k", now(), "OK", 0.1, "a")])
    project.events.list(now(), 5), project.events.counts(now())
    project.events.newest_of_devices(), project.events.by_hour([now()], now())
    _fleet(project)
    project.book.save(project.book.current(), "ann"), project.book.history()
    study = project.studies.create("gauge", {"images": shas}, author="ann")
    project.studies.add_answers(study.id, [NewAnswer(shas[0], "ann", 1, [box()])])
    project.studies.get("gauge"), project.studies.list(), project.studies.answers("s1")
    project.audit.entries(before=5)
    job = project.jobs.create("train", {}, by="ann", key="once")
    project.jobs.create("train", {}, by="ann", key="once"), project.jobs.list(kind="train")
    project.jobs.moving(since=0), project.jobs.cancel(job.id), project.jobs.last_number()
    return second


def _fleet(project):
    """Everything around devices, once."""
    _, code = project.devices.add("press-1")
    device, key = project.devices.exchange(code)
    project.devices.by_key(key), project.devices.renew_code("press-1")
    reports = project.device_reports
    reports.seen(device.id), reports.set_release(device.id, 1, on_trial=False)
    reports.set_state(device.id, DeviceState(1, False, False, {}))
    reports.add_note(device.id, Note("n", now(), 1, "kept")), reports.notes(device.id)
    for _ in range(2):
        reports.count_parts(device.id, [(now(), 1, "OK")])
    reports.counts(device.id, now())
    project.fleet.page(FleetFilter("p"), silent_since=now(), parts_since=now())
    project.fleet.summary(silent_since=now())
    rollout = project.rollouts.add(1, {}, by="ann")
    project.rollouts.place([[device.id]]), project.rollouts.offer(0, 1)
    project.rollouts.place_one(device.id, wave=0, desired=1)
    project.rollouts.candidates(), project.rollouts.offered(1), project.rollouts.list()
    project.rollouts.waves(1), project.rollouts.parts(9)
    project.rollouts.change(rollout.number, wave=1), project.rollouts.get(1)


def test_every_statement_names_an_organisation_and_is_good_for_postgresql(store, home):
    statements = []

    def note(conn, element, multiparams, params, execution_options):
        if isinstance(element, ClauseElement):
            statements.append(element)

    event.listen(store.database.engine, "before_execute", note)
    _live(
        store.create_project("all", "detection", LabelBook().with_classes(["scratch", "dent"]))
    )
    store.projects()
    assert store.check() == []
    store.delete_project("all")
    texts = {str(s.compile(dialect=postgresql.dialect())) for s in statements}
    assert len(texts) > 70
    free = ("INSERT", "SAVEPOINT", "RELEASE")
    asked = {t for t in texts if not t.startswith(free)}
    assert {t for t in asked if "organisation_id" not in t.partition("WHERE")[2]} == {
        "SELECT organisations.organisation_id \nFROM organisations",
        # The place in the queue that all organisations share.
        *(
            f"SELECT {f}(jobs.turn) AS {f}_1 \nFROM jobs \nWHERE jobs.state = "
            "%(state_1)s::VARCHAR"
            for f in ("max", "min")
        ),
    }
    assert all("organisation_id" in t for t in texts if t.startswith("INSERT"))


def test_statements_are_made_in_one_place_only():
    makers = {"select", "insert", "update", "delete"}
    for path in STORE.glob("*.py"):
        if path.name == "scope.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                "sqlalchemy"
            ):
                assert not makers & {n.name for n in node.names}, path.name


def test_only_the_queue_of_jobs_counts_and_owners_of_secrets_look_across_organisations():
    source = STORE.parent
    askers = {p.name for p in source.rglob("*.py") if "Scope.across(" in p.read_text()}
    assert askers == {"figures.py", "jobs.py", "jobs_queue.py", "whose.py"}


@pytest.fixture
def acme(home):
    """Another organisation in the same workspace, with a project of the same name."""
    with open_store(home, create=True, organisation="acme") as opened:
        book = LabelBook().with_classes(["scratch", "dent"])
        opened.create_project("casings", "detection", book)
        yield opened


def test_an_organisation_sees_nothing_of_another(project, store, acme):
    second = _live(project)
    theirs = acme.project("casings")
    assert [p.id for p in acme.projects()] != [p.id for p in store.projects()]
    assert theirs.images.all() == []
    assert theirs.annotations.consensus() == {}
    assert theirs.annotations.labelers() == []
    assert theirs.snapshots.list() == theirs.runs.list() == theirs.releases.list() == []
    assert theirs.findings.list() == theirs.events.list() == theirs.studies.list() == []
    assert theirs.findings.counts() == theirs.events.counts() == {}
    assert theirs.jobs.list() == acme.jobs.list() == acme.jobs.moving(since=0) == []
    assert theirs.rollouts.list() == theirs.rollouts.candidates() == []
    assert theirs.fleet.page(FleetFilter(), silent_since=now(), parts_since=now()) == []
    assert {e.organisation for e in acme.audit.entries()} == {"acme"}
    assert theirs.releases.next_version() == 1
    sha = project.images.all()[0].sha256
    questions = [
        lambda: theirs.images.get(sha),
        lambda: theirs.images.set_metadata(sha, {"x": 1}),
        lambda: theirs.annotations.add(sha, [], labeler="eve", book_revision=1),
        lambda: theirs.annotations.history(sha),
        lambda: theirs.snapshots.load(project.snapshots.info().id),
        lambda: theirs.runs.get("r0001"),
        lambda: theirs.runs.create("train", project.snapshots.info().id, {}, 0),
        lambda: theirs.releases.get(1),
        lambda: theirs.findings.get(second.id),
        lambda: theirs.findings.settle(second.id, "dismissed", "eve"),
        lambda: theirs.findings.undo(second.id, by="eve"),
        lambda: theirs.studies.get("s1"),
        lambda: theirs.jobs.get("j0001"),
        lambda: acme.jobs.cancel("j0001"),
        lambda: theirs.studies.answers("gauge"),
        lambda: theirs.devices.get("press-1"),
        lambda: theirs.rollouts.get(1),
    ]
    for ask in questions:
        with pytest.raises(NotFoundError, match="no "):
            ask()


def test_an_unknown_organisation_is_refused(home):
    with pytest.raises(NotFoundError, match="no organisation 'acme'"):
        open_store(home, organisation="acme")
