"""What people of different roles may begin in a browser."""

from __future__ import annotations

import pytest

from bench.browser_steps import add_images, answer, go_to, make_owner, make_project
from pitmark.ops.people_passwords import hash_password
from pitmark.store.db import open_store
from tests.e2e.browsing import NEEDS_BROWSER, THEMES
from tests.ops.toys import class_folder

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = NEEDS_BROWSER
expect = sync_api.expect

PROJECT = "covers"
LABELER, PASSWORD = "lea@factory.example", "parts under a lamp"


@pytest.fixture(scope="module")
def labeler(browser, tmp_path_factory):
    """The page of a labeler, in a project of forty images that an owner brought in."""
    page = browser.page
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    make_owner(page, browser.server.setup_link)
    make_project(page, PROJECT, task="Sort parts")
    add_images(page, class_folder(tmp_path_factory.mktemp("photographs") / "lot", 40))
    with open_store(browser.server.log.parent / "home") as store:
        person = store.persons.add("Lea Labeler", LABELER, hash_password(PASSWORD))
        store.people.add(person.id, "labeler")
    page.context.clear_cookies()
    page.goto(f"{browser.server.url}/login")
    page.get_by_label("E-mail").fill(LABELER)
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("button[type=submit]").click()
    page.get_by_role("heading", name="Projects").wait_for()
    return page


def _card(page, title):
    return page.get_by_role("article").filter(has_text=title)


def test_a_labeler_starts_from_page_next_what_a_labeler_may(browser, labeler) -> None:
    go_to(labeler, PROJECT, "next")
    groups = _card(labeler, "Find out which images belong together")
    expect(groups.get_by_role("button", name="Do it now")).to_be_enabled()
    browser.settle()
    for theme in THEMES:
        labeler.emulate_media(color_scheme=theme)
        browser.shoot("next-labeler", theme)
    groups.get_by_role("button", name="Do it now").click()
    # What was found takes the place of the advice to look.
    expect(groups).to_have_count(0)
    (job,) = answer(labeler, PROJECT, "jobs?kind=groups")
    assert (job["state"], job["by"]) == ("done", "Lea Labeler")


def test_what_takes_a_stronger_role_says_so_to_a_labeler(labeler) -> None:
    go_to(labeler, PROJECT, "next")
    audit = _card(labeler, "Audit the labels")
    expect(audit.get_by_role("button", name="Do it now")).to_be_disabled()
    expect(audit).to_contain_text("Your role here is not enough to start this.")
    assert answer(labeler, PROJECT, "jobs?kind=audit") == []
