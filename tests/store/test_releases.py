import pytest

from pitmark.core.errors import ConflictError, NotFoundError, StorageError
from tests.store.making import box, labeled_image, snapshot_of


@pytest.fixture
def run(project):
    labeled_image(project, "a", box())
    snapshot_of(project)
    return project.runs.finish(project.runs.create("train", "latest", {}, 0).id, {}, None, {})


def test_releases_are_numbered_from_1_and_come_back(project, run):
    bundle = project.blobs.put(b"bundle")
    assert project.releases.next_version() == 1
    added = project.releases.add(run.id, 1, bundle, {"parity": 1e-5}, by="ann")
    assert (added.run_id, added.snapshot_id) == (run.id, run.snapshot_id)
    assert (added.bundle_sha, added.gate) == (bundle, {"parity": 1e-5})
    second = project.releases.add(run.id, 2, bundle, {})
    assert project.releases.get(1) == added
    assert project.releases.get() == second
    assert project.releases.list() == [second, added]


def test_a_release_is_in_the_audit_log(project, run):
    project.releases.add(run.id, 1, project.blobs.put(b"bundle"), {}, by="ann")
    entry = project.audit.entries()[0]
    assert (entry.who, entry.action, entry.object) == (
        "ann",
        "release",
        "project/casings/release/1",
    )


def test_a_version_that_was_taken_meanwhile_is_refused(project, run):
    bundle = project.blobs.put(b"bundle")
    project.releases.add(run.id, 1, bundle, {})
    for version in (1, 3, 0):
        with pytest.raises(ConflictError, match="the next one is 2"):
            project.releases.add(run.id, version, bundle, {})


def test_a_release_needs_its_run_and_its_bundle(project, run):
    with pytest.raises(StorageError, match="is not in the workspace"):
        project.releases.add(run.id, 1, "0" * 64, {})
    with pytest.raises(NotFoundError, match="no run 'r0404'"):
        project.releases.add("r0404", 1, project.blobs.put(b"bundle"), {})
    assert project.releases.list() == []


def test_an_unknown_release_is_named(project, run):
    with pytest.raises(NotFoundError, match="no release yet"):
        project.releases.get()
    project.releases.add(run.id, 1, project.blobs.put(b"bundle"), {})
    with pytest.raises(NotFoundError, match="no release 2") as caught:
        project.releases.get(2)
    assert "1 to 1" in caught.value.hint
