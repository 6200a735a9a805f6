"""A test in a browser that hangs fails, and tells what it hung at."""

import pytest

from tests.e2e.browsing import NEEDS_BROWSER, browsing, screenshots, serving, sync_api

pytestmark = NEEDS_BROWSER


def test_a_test_that_is_overdue_fails_and_leaves_a_picture_and_the_log(tmp_path, monkeypatch):
    monkeypatch.setenv("PITMARK_SCREENSHOTS", str(tmp_path / "shots"))
    with serving(tmp_path) as server, browsing(server, "hangs", limit_s=2) as opened:
        opened.page.goto(server.setup_link)
        with pytest.raises(sync_api.Error, match="closed"):
            opened.page.evaluate("new Promise(() => {})")
        assert server.process.wait(60) != 0
    kept = screenshots() / "failed" / "hangs-overdue"
    assert (kept / "page-0.png").read_bytes()[:4] == b"\x89PNG"
    assert "most recent call first" in (kept / "stacks.txt").read_text()
    assert (kept / "server.log").is_file()
