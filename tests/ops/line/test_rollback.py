import pytest

from pitmark.core.errors import BundleError, ConflictError, NotFoundError
from pitmark.core.label_book import LabelBook
from pitmark.edge.bundle_file import read_bundle
from pitmark.edge.signing import read_keys
from pitmark.ops.images.importing import import_folder
from pitmark.ops.images.snapshots import take_snapshot
from pitmark.ops.line.releasing import release
from pitmark.ops.line.rollback import roll_back, verify
from pitmark.ops.line.signing import export_keys, renew_key, workspace_keys
from pitmark.ops.models.inspecting import WatchOptions, predict
from pitmark.ops.models.training import train
from pitmark.store.db import open_store
from tests.ops.toys import QUICK, class_folder


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rollback")
    with open_store(folder / "home", create=True) as opened:
        project = opened.create_project("parts", "classification", LabelBook())
        import_folder(project, class_folder(folder / "in"))
        take_snapshot(project)
        train(project, options=QUICK)
        for version in (1, 2):
            release(project, folder / f"v{version}.pitmark", int8=False)
        export_keys(opened.keys, folder / "keys.txt")
        yield opened, folder


def test_a_release_is_signed_by_the_key_of_the_workspace(store):
    opened, folder = store
    trusted = read_keys(folder / "keys.txt")
    found = verify(folder / "v1.pitmark", trusted=trusted)
    assert found.trusted
    assert found.signed_by == trusted[0].id == workspace_keys(opened.keys)[0].public.id
    assert set(found.golden) == {"fp32"}
    assert f"Signed by {trusted[0].id}" in found.sentences()[1]
    # The datasheet lies beside it.
    assert "<h1>Datasheet of parts</h1>" in (folder / "v1.datasheet.html").read_text()


def test_going_back_is_a_higher_version_with_the_old_content(store):
    opened, folder = store
    project = opened.project("parts")
    done = roll_back(project, 1, folder / "back.pitmark", by="eva")
    assert (done.row.version, done.content_of) == (3, 1)
    old, new = (read_bundle(folder / n) for n in ("v1.pitmark", "back.pitmark"))
    assert new.files == old.files
    assert (new.manifest.version, new.manifest.gate["content_of"]) == (3, 1)
    assert read_bundle(folder / "back.pitmark", trusted=read_keys(folder / "keys.txt"))
    assert project.releases.get("latest").run_id == project.releases.get(1).run_id


def test_there_is_no_way_back_to_the_newest_or_to_one_that_never_was(store):
    opened, folder = store
    project = opened.project("parts")
    newest = project.releases.get("latest").version
    with pytest.raises(ConflictError, match="is the newest one"):
        roll_back(project, newest, folder / "x.pitmark")
    with pytest.raises(NotFoundError, match="release"):
        roll_back(project, 99, folder / "x.pitmark")
    assert not (folder / "x.pitmark").exists()


def test_a_device_with_keys_runs_no_bundle_of_a_stranger(store, tmp_path):
    opened, folder = store
    renewed = renew_key(opened.keys)
    strangers = tmp_path / "keys.txt"
    strangers.write_text(renewed.public.line)
    with pytest.raises(BundleError, match="is signed by key"):
        predict(
            folder / "v1.pitmark", folder / "in" / "good", options=WatchOptions(keys=strangers)
        )
    # Releases of before the renewal stay good for devices that know both keys.
    export_keys(opened.keys, tmp_path / "both.txt")
    done = predict(
        folder / "v1.pitmark",
        folder / "in" / "good",
        options=WatchOptions(keys=tmp_path / "both.txt", precision="fp32", threads=1),
    )
    assert done.images == 12
