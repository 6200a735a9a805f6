from concurrent.futures import ThreadPoolExecutor

import pytest

from pitmark.core.errors import ConflictError, InvalidInputError, NotFoundError
from pitmark.core.label_book import LabelBook
from pitmark.core.records import ImageRecord
from pitmark.store.annotations import NewAnnotation
from pitmark.store.db import open_store
from pitmark.store.device_reports import Note
from pitmark.store.events import EventRow
from pitmark.store.findings import NewFinding
from pitmark.store.promotions import NewPromotion
from pitmark.store.schema import now
from pitmark.store.schema_columns import metadata
from pitmark.store.schema_jobs import FILE_LIST
from pitmark.store.studies import NewAnswer
from pitmark.store.tokens import NewToken
from tests.store.making import add_image, box, labeled_image, snapshot_of


def _fill(project):
    """A row in every table; gives the blobs that only this project has."""
    sha = labeled_image(project, "a", box())
    project.images.add(ImageRecord(sha, 64, 48, "L", "a again"), source="photos")
    snapshot_of(project)
    model, bundle, oof = (project.blobs.put(d) for d in (b"model", b"bundle", b"oof"))
    run = project.runs.create("train", "latest", {}, 0)
    project.runs.save_predictions(run.id, "latest", "oof", oof)
    project.runs.finish(run.id, {}, None, {"model": model})
    project.releases.add(run.id, 1, bundle, {})
    project.findings.save([NewFinding("k", sha, 0, 0.5, "w")], source="audit")
    seen = project.blobs.put(b"seen on the line")
    project.events.add_many([EventRow("k", now(), "OK", 0.1, "a", sha256=seen)])
    _, code = project.devices.add("press-1")
    device, _ = project.devices.exchange(code)
    project.device_reports.count_parts(device.id, [(now(), 1, "OK")])
    project.device_reports.add_note(device.id, Note("n", now(), 1, "kept"))
    project.device_drift.set(device.id, [{"point": "top"}])
    project.rollouts.add(1, {}, by="ann")
    project.rollouts.place([[device.id]])
    study = project.studies.create("", {"images": [sha]}, author="ann")
    project.studies.add_answers(study.id, [NewAnswer(sha, "ann", 1, [box()])])
    listed = project.blobs.put(b"names of files")
    project.jobs.create("export", {}, by="ann")
    project.jobs.create("import", {"files": 1, FILE_LIST: listed}, by="ann")
    project.annotations.add_many([NewAnnotation(sha, [], "bob", 1, key="k")])
    kept = NewPromotion("promoted", run.id, None, 1, {"passed": True})
    project.promotions.add(kept, by="ann")
    project.promotions.name("champion", run.id, version=1, by="ann")
    project.updates.begin("learn", {}, by="ann")
    project.settings.save("limits", {}, by="ann")
    return {sha, model, bundle, oof, seen, listed}


def _rows(store, name):
    with store.database.read() as c:
        return {
            table.name: c.exec_driver_sql(f"SELECT COUNT(*) FROM {table.name}").scalar()
            for table in metadata.tables.values()
        }


def test_a_deleted_project_leaves_nothing_but_its_trace_in_the_audit_log(store, project):
    blobs = _fill(project)
    ann = store.persons.add("ann", "ann@example.org", "hash")
    store.people.add(ann.id, "viewer")
    store.people.set_project_role(ann.id, project.info.id, "labeler")
    store.tokens.add(NewToken("line", "read", project.info.id, 30), person=ann.id)
    of_projects = {t.name for t in metadata.tables.values() if "project_id" in t.c}
    before = _rows(store, "casings")
    assert {name for name in of_projects if not before[name]} == set()
    store.delete_project("casings", by="ann")
    after = _rows(store, "casings")
    assert {name for name in of_projects if after[name]} == set()
    kept = {"organisations", "projects", "audit_log", "persons", "memberships"}
    assert {name for name, count in after.items() if count} == kept
    assert not any(store.blobs.has(sha) for sha in blobs)
    entry = store.audit.entries()[0]
    assert (entry.who, entry.action, entry.object) == (
        "ann",
        "delete_project",
        "project/casings",
    )
    assert entry.details == {"images": 1, "labeled": 1}
    assert store.projects() == []
    assert store.check() == []


def test_a_renamed_project_keeps_all_it_has_and_frees_its_name(store, project):
    blobs, before = _fill(project), _rows(store, "casings")
    renamed = store.rename_project("casings", "housings", by="ann")
    assert (renamed.info.name, renamed.info.images) == ("housings", 1)
    after = _rows(store, "housings")
    assert {k: after[k] - n for k, n in before.items() if after[k] != n} == {"audit_log": 1}
    entry = store.audit.entries()[0]
    assert (entry.who, entry.action, entry.object) == (
        "ann",
        "rename_project",
        "project/housings",
    )
    assert entry.details == {"was": "casings"}
    renamed.audit.log("ann", "look", "image/1")
    assert store.audit.entries()[0].object == "project/housings/image/1"
    assert {job.project for job in renamed.jobs.list()} == {"housings"}
    with pytest.raises(NotFoundError, match="no project 'casings'"):
        store.project("casings")
    store.create_project("casings", "detection", LabelBook())
    store.delete_project("housings")
    assert not any(store.blobs.has(sha) for sha in blobs)


def test_a_project_takes_no_name_of_another_and_none_while_it_is_worked_on(store, project):
    store.create_project("plates", "detection", LabelBook())
    with pytest.raises(ConflictError, match="'plates' exists already"):
        store.rename_project("casings", "plates")
    with pytest.raises(InvalidInputError, match="cannot be called"):
        store.rename_project("casings", "a/b")
    assert store.rename_project("casings", "casings").info.name == "casings"
    labeled_image(project, "a", box())
    snapshot_of(project)
    project.runs.create("train", "latest", {}, 0)
    with pytest.raises(ConflictError, match="is being worked on"):
        store.rename_project("casings", "housings")


def test_the_name_of_a_deleted_project_is_free_again(store, project):
    store.delete_project("casings")
    with pytest.raises(NotFoundError, match="no project 'casings'"):
        store.project("casings")
    with pytest.raises(NotFoundError, match="has been deleted"):
        _ = project.info
    assert store.create_project("casings", "detection", LabelBook()).images.count() == 0


def test_blobs_that_another_project_or_organisation_uses_stay(store, project, home):
    shared = [add_image(project, f"{i}") for i in range(3)]
    theirs = store.create_project("other", "detection", LabelBook())
    add_image(theirs, "0")
    with open_store(home, create=True, organisation="acme") as acme:
        add_image(acme.create_project("casings", "detection", LabelBook()), "1")
    store.delete_project("casings")
    assert [store.blobs.has(sha) for sha in shared] == [True, True, False]


def test_a_list_of_files_that_a_job_of_another_project_has_stays(store, project):
    listed = project.blobs.put(b"names of files")
    theirs = store.create_project("other", "detection", LabelBook())
    for one in (project, theirs):
        one.jobs.create("import", {"files": 1, FILE_LIST: listed}, by="ann")
    store.delete_project("casings")
    assert store.blobs.has(listed)
    store.delete_project("other")
    assert not store.blobs.has(listed)


def test_other_projects_are_left_alone(store, project):
    _fill(project)
    other = store.create_project("other", "detection", LabelBook().with_classes(["scratch"]))
    sha = labeled_image(other, "a", box())
    before = other.annotations.history(sha)
    store.delete_project("casings")
    assert other.annotations.history(sha) == before
    assert store.blobs.has(sha)


def test_a_project_whose_run_is_alive_is_not_deleted(store, project):
    labeled_image(project, "a", box())
    snapshot_of(project)
    run = project.runs.create("train", "latest", {}, 0)
    with pytest.raises(ConflictError, match=f"run {run.id} of project 'casings'"):
        store.delete_project("casings")
    project.runs.fail(run.id, "stopped")
    store.delete_project("casings")
    assert store.projects() == []


def test_a_project_that_two_people_delete_at_once_goes_once(store, project):
    _fill(project)
    with ThreadPoolExecutor(2) as pool:
        with store.transaction():
            asked = [pool.submit(store.delete_project, "casings", by=who) for who in "ab"]
        told = [one.exception() for one in asked]
    assert sorted(type(error).__name__ for error in told) == ["NoneType", "NotFoundError"]
    gone = [e for e in store.audit.entries() if e.action == "delete_project"]
    assert len(gone) == 1
