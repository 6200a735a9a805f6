import hashlib
import os
import time

import pytest

from pitmark.core.errors import InvalidInputError, NotFoundError, TooLargeError
from pitmark.core.label_book import LabelBook
from pitmark.ops.images.uploading import (
    Upload,
    clear_stale_uploads,
    missing_uploads,
    refresh_upload,
    uploaded_file,
)
from pitmark.store.db import open_store
from tests.store.making import add_image


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "home", create=True) as opened:
        opened.create_project("parts", "detection", LabelBook())
        yield opened


def _sha(data):
    return hashlib.sha256(data).hexdigest()


def _upload(store, data, sha=None, **how):
    with Upload(store, sha or _sha(data), **how) as upload:
        upload.write(data[:3])
        upload.write(data[3:])
        return upload.finish()


def test_an_uploaded_file_is_found_by_its_hash(store):
    assert _upload(store, b"a picture") == 9
    assert uploaded_file(store, _sha(b"a picture")).read_bytes() == b"a picture"
    assert refresh_upload(store, _sha(b"a picture")) == 9
    assert not store.blobs.has(_sha(b"a picture"))


def test_an_image_of_a_project_need_not_be_uploaded_again(store):
    sha = add_image(store.project("parts"), "a")
    assert missing_uploads(store, [sha]) == []
    assert uploaded_file(store, sha).read_bytes() == b"a"


def test_what_another_organisation_has_is_not_there(store, tmp_path):
    sha = add_image(store.project("parts"), "a")
    _upload(store, b"theirs")
    with open_store(tmp_path / "home", create=True, organisation="acme") as acme:
        assert missing_uploads(acme, [sha, _sha(b"theirs")]) == [sha, _sha(b"theirs")]
        for hidden in (sha, _sha(b"theirs")):
            with pytest.raises(NotFoundError, match="was uploaded"):
                uploaded_file(acme, hidden)


def test_an_upload_that_is_left_early_or_too_large_leaves_nothing(store):
    with pytest.raises(InvalidInputError, match="announced was"):
        _upload(store, b"a picture", _sha(b"another"))
    with pytest.raises(TooLargeError, match="more than the 5 bytes"):
        _upload(store, b"a picture", limit_bytes=5)
    with Upload(store, _sha(b"x")) as upload:
        upload.write(b"x")
    files = [p.name for p in (store.home / "uploads").rglob("*") if p.is_file()]
    assert files == [".cleared"]


def test_uploads_are_cleared_after_a_day_and_images_are_not(store):
    kept = add_image(store.project("parts"), "a")
    _upload(store, b"a")
    _upload(store, b"old")
    _upload(store, b"used again")
    then = time.time() - 25 * 3600
    for data in (b"a", b"old", b"used again"):
        os.utime(uploaded_file(store, _sha(data)), (then, then))
    refresh_upload(store, _sha(b"used again"))
    assert clear_stale_uploads(store, now=time.time() + 3600) == 2
    assert missing_uploads(store, [kept, _sha(b"old"), _sha(b"used again")]) == [_sha(b"old")]
    assert store.check() == []


def test_what_is_no_hash_is_refused(store):
    for way in (uploaded_file, refresh_upload, Upload):
        with pytest.raises(InvalidInputError, match="not a sha256"):
            way(store, "../../etc/passwd")
