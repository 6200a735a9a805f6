"""Devices, rollouts and the way from an alarm to a new version, in a browser over a server."""

from __future__ import annotations

import re

import pytest

from pitmark.cli.main import run
from pitmark.ops.line import rollouts
from pitmark.ops.line.limits import set_limits
from pitmark.ops.people_passwords import hash_password
from pitmark.store.db import open_store
from pitmark.store.device_reports import DeviceState, Note
from pitmark.store.events import EventRow
from pitmark.store.schema import now
from tests.e2e.browsing import NEEDS_BROWSER, THEMES, sync_api
from tests.e2e.test_web_app import AXE, PASSWORD
from tests.ops.fleets import PROJECT, add_devices, add_release, make_project, runs
from tests.ops.line.test_updating import ADA, LOOSE
from tests.ops.on_the_line import answer, make_line, part_file, send

pytestmark = NEEDS_BROWSER
LIMIT_S = 600.0
DEVICES = 120
OPERATOR = "olga@factory.example"
DARK = "camera 2: the image is 18 % darker since image 61"
FULL = {
    "pitmark": "0.1.0",
    "healthy": True,
    "update": "up to date",
    "outbox": {"waiting": {"NG": 3, "REST": 9}, "aside": 0, "size_bytes": 2_400_000},
    "disk": {"free_bytes": 2_000_000_000, "total_bytes": 100_000_000_000},
    "drift": {"top": {"alarm": True, "sentence": DARK}},
    "troubles": {"top": "the camera gives no images"},
}
expect = sync_api.expect


class Plant:
    """A browser, its server, and the same workspace opened beside it."""

    def __init__(self, browser, folder):
        self.browser, self.page, self.url = browser, browser.page, browser.server.url
        self.folder = folder
        self.home = browser.server.log.parent / "home"
        make_line(self.home, folder)
        self.store = open_store(self.home)
        self.line = self.store.project("parts")
        self.project = make_project(self.store)

    def go(self, place, project=PROJECT):
        self.page.goto(f"{self.url}/p/{project}/{place}")

    def sign_in(self, email):
        self.page.context.clear_cookies()
        self.page.goto(f"{self.url}/login")
        self.page.get_by_label("E-mail").fill(email)
        self.page.locator("input[type=password]").fill(PASSWORD)
        self.page.locator("button[type=submit]").click()
        self.page.get_by_role("heading", name="Projects").wait_for()

    def look(self, name):
        """Pictures in both themes at both sizes, and no rule of accessibility broken."""
        page, broken = self.page, []
        page.wait_for_timeout(400)
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            for width, height in ((1280, 800), (1920, 1080)):
                page.set_viewport_size({"width": width, "height": height})
                page.wait_for_timeout(250)
                self.browser.shoot(f"line-{name}-{width}", theme)
            if AXE.is_file():
                page.add_script_tag(path=AXE)
                rules = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']}"
                for v in page.evaluate(f"axe.run(document, {rules})")["violations"]:
                    broken.append(f"{name} {theme}: {v['id']} {v['nodes'][0]['html'][:160]}")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 800})
        assert broken == []


@pytest.fixture(scope="module")
def plant(browser, tmp_path_factory):
    made = Plant(browser, tmp_path_factory.mktemp("plant"))
    page = made.page
    page.goto(browser.server.setup_link)
    page.get_by_label("Your name").fill("Otto Owner")
    page.get_by_label("E-mail").fill("otto@factory.example")
    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.get_by_role("button", name="Create the owner").click()
    page.get_by_role("heading", name="Projects").wait_for()
    person = made.store.persons.add("Olga Operator", OPERATOR, hash_password(PASSWORD))
    made.store.people.add(person.id, "operator")
    yield made
    made.store.close()


def test_a_project_without_devices_says_what_to_do_first(plant):
    plant.go("devices")
    expect(plant.page.get_by_text("No device is known yet")).to_be_visible()
    plant.go("rollout")
    expect(plant.page.get_by_text("There is no release to bring")).to_be_visible()
    plant.go("update")
    expect(plant.page.get_by_text("No version is in use yet")).to_be_visible()


def test_a_device_is_added_by_a_command_that_is_shown_once(plant, tmp_path):
    page = plant.page
    plant.go("devices")
    page.get_by_role("button", name="Add a device").click()
    page.get_by_label("Its name").fill("oven 7/b")
    page.get_by_role("button", name="Make the code").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Its name").fill("oven-7")
    page.get_by_role("button", name="Make the code").click()
    command = page.locator("code", has_text="edge register").inner_text()
    plant.look("device-code")
    words = command.split()
    words[-1] = str(tmp_path / "key")
    assert run(words[1:]) == 0
    expect(page.get_by_text("oven-7 has used its code.")).to_be_visible(timeout=20_000)
    page.reload()
    expect(page.get_by_role("link", name="oven-7")).to_be_visible()
    assert page.get_by_text("edge register").count() == 0


def test_many_devices_are_filtered_and_paged(plant):
    page = plant.page
    add_devices(plant.project, DEVICES)
    for _ in range(2):
        add_release(plant.project, plant.folder)
    for number in range(40):
        runs(plant.project, f"press-{number:02}", 1 + number % 2)
    fill(plant.project)
    plant.go("devices")
    expect(page.get_by_role("row")).to_have_count(51)
    expect(page.get_by_text("121 at work")).to_be_visible()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("to press-", exact=False)).to_be_visible()
    expect(page.get_by_role("link", name="oven-7")).to_have_count(0)
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("link", name="oven-7")).to_be_visible()
    plant.look("devices")
    page.get_by_label("Name has").fill("press-03")
    expect(page.get_by_role("row")).to_have_count(2)
    row = page.get_by_role("row").filter(has_text="press-03")
    for told in ("5 of 20", "25.0 %", DARK, "12 wait (2.4 MB)", "2.0 GB free"):
        expect(row).to_contain_text(told)
    page.get_by_label("Name has").fill("")
    page.get_by_text("Drift (1)").click()
    expect(page.get_by_role("row")).to_have_count(2)
    page.reload()
    expect(page.get_by_role("row")).to_have_count(2)
    assert "drift=true" in page.url


def fill(project):
    """One device has told everything that a device can tell."""
    device = project.devices.get("press-03")
    parts = [(now(), 2, "NG" if number < 5 else "OK") for number in range(20)]
    project.device_reports.count_parts(device.id, parts)
    why = "golden image 2: NG here, OK where it was made"
    for outcome, reason in (("activated", ""), ("kept", ""), ("refused", why)):
        version = 1 if outcome != "refused" else 2
        project.device_reports.add_note(
            device.id, Note(f"k-{outcome}", now(), version, outcome, reason)
        )
    project.device_reports.set_state(device.id, DeviceState(2, False, True, FULL))
    rows = []
    for number in range(8):
        data, _ = part_file(number)
        rows.append(
            EventRow(
                key=f"e{number}",
                at=now(),
                verdict="NG" if number % 2 else "OK",
                score=0.5,
                name=f"part-{number}.png",
                device="press-03",
                release=2,
                sha256=project.blobs.put(data) if number < 6 else None,
                facts={"drift": {"alarm": True, "sentence": DARK}},
            )
        )
    project.events.add_many(rows)


def test_one_device_shows_its_verdicts_and_why_it_refused(plant):
    page = plant.page
    plant.go("devices/press-03")
    expect(page.get_by_text("Release 2 was refused")).to_be_visible()
    expect(page.get_by_text("OK where it was made")).to_be_visible()
    expect(page.locator("li[data-verdict] img")).to_have_count(6)
    page.wait_for_function(
        "[...document.images].every((i) => i.complete && i.naturalWidth > 0)"
    )
    plant.look("device")
    page.get_by_role("button", name="New code").click()
    page.get_by_role("dialog").get_by_role("button", name="New code").click()
    expect(page.locator("code", has_text="edge register")).to_be_visible()
    expect(page.get_by_text("has used its code")).to_have_count(0)
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("press-03 is let in no more.")).to_be_visible()
    expect(page.get_by_text("Revoked", exact=True)).to_be_visible()
    assert plant.project.devices.get("press-03").revoked is not None


def test_a_rollout_is_started_halted_resumed_and_rolled_back(plant):
    page = plant.page
    rollouts.start(plant.project, 1, rollouts.RolloutPlan((1.0,)), by="ann")
    plant.project.rollouts.change(1, state="done")
    plant.go("rollout?release=2")
    page.get_by_role("combobox", name="First of all").fill("press-05")
    page.get_by_role("option", name="press-05").click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("wave 1: 1 device; wave 2: 1 device", exact=False)).to_be_visible()
    page.get_by_label("Hours that a wave lasts").fill("0")
    page.get_by_label("Parts that it judges").fill("0")
    plant.look("rollout-start")
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Start").click()
    card = page.get_by_role("region", name="Release 2")
    expect(card).to_contain_text("under way")
    expect(card).to_contain_text("0 of 1 devices run it, needed are 1")
    assert plant.project.devices.get("press-05").desired == 2
    runs(plant.project, "press-05", 2)
    expect(card).to_contain_text("Wave 2 of", timeout=30_000)
    page.get_by_role("button", name="Halt").click()
    page.get_by_role("dialog").get_by_role("button", name="Halt").click()
    expect(card).to_contain_text("Halted by")
    plant.look("rollout-halted")
    page.get_by_role("button", name="Resume by other rules").click()
    page.get_by_label("Devices that refuse it").fill("7")
    page.get_by_role("button", name="Resume", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Resume").click()
    expect(card).to_contain_text("under way")
    assert plant.project.rollouts.get().plan["rules"]["refused"] == 7
    page.get_by_role("button", name="Roll back").click()
    page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    expect(page.get_by_role("region", name="Release 3")).to_be_visible(timeout=20_000)
    assert plant.project.rollouts.get(2).state == "rolled back"
    assert plant.project.devices.get("press-05").desired == 3


def test_an_operator_goes_from_the_alarm_to_a_new_version_on_the_devices(plant):
    page, line = plant.page, plant.line
    plant.sign_in(OPERATOR)
    set_limits(line, LOOSE, actor=ADA)
    add_devices(line, 1)
    send(line, range(100, 130), light=1.5, alarm=True, start=now())
    plant.go("line", "parts")
    expect(page.get_by_role("heading", name="press-3 sees something else")).to_be_visible()
    plant.look("alarm")
    page.get_by_role("region").get_by_role("link", name="Correct and update").click()
    expect(page.get_by_text("Pictures to look at")).to_be_visible()
    page.get_by_label("So many shall wait").fill("24")
    page.get_by_role("button", name="Get pictures from the line").click()
    expect(page.get_by_text("Was the verdict right?")).to_be_visible(timeout=120_000)
    expect(page.get_by_text("24 left")).to_be_visible()
    plant.look("update-answer")
    page.get_by_role("button", name="The verdict is right").click()
    expect(page.get_by_text("23 left")).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_text("24 left")).to_be_visible()
    page.keyboard.press("1")
    expect(page.get_by_text("23 left")).to_be_visible()
    sync_api.expect(page.get_by_text("23 wait for an answer")).to_be_visible()
    assert len([a for a in line.annotations.consensus().values() if a.review]) == 1
    answer(line)
    make = page.get_by_role("button", name="Make the new version")
    make.click(timeout=30_000)
    expect(page.get_by_text("Making and checking the new version")).to_be_visible()
    page.reload()  # Nothing is lost with the page.
    expect(page.get_by_text("Version 2 is in use.")).to_be_visible(timeout=240_000)
    page.get_by_role("button", name="Make a new version").click()
    expect(page.get_by_text("Version 2 passed and is in use from now on.")).to_be_visible()
    expect(page.get_by_role("list", name="The checks").get_by_role("listitem")).to_have_count(7)
    plant.look("update-made")
    # What is put into use goes to the devices by itself.
    expect(page.get_by_text("The rollout of version 2 is under way.")).to_be_visible()
    assert line.rollouts.get().author == "Olga Operator"
    send(line, range(130, 150), light=1.5, start=now())
    page.get_by_role("button", name="How it does since").click()
    expect(page.get_by_text("Version 2, since")).to_be_visible()
    expect(page.get_by_text(re.compile("NG: [0-9]+ of 20 parts"))).to_be_visible(timeout=20_000)
    expect(page.get_by_text(re.compile("NG: [0-9]+ of 30 parts"))).to_be_visible()
    page.get_by_text("Decision 1: put into use").click()
    plant.look("update-done")


def test_limits_are_set_by_an_admin_and_bind_the_operator(plant):
    page, line = plant.page, plant.line
    set_limits(line, LOOSE, actor=ADA)
    plant.sign_in(OPERATOR)
    plant.go("limits", "parts")
    expect(page.get_by_text("Changing this needs the role admin.")).to_be_visible()
    expect(page.get_by_label("New versions within 24 hours")).to_be_disabled()
    plant.sign_in("otto@factory.example")
    plant.go("limits", "parts")
    page.get_by_label("Make a new version by itself").click()
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Saved; it holds from now on.")).to_be_visible()
    page.get_by_label("New versions within 24 hours").fill("1")
    page.get_by_label("bring a version to the devices").click()
    with page.expect_response(lambda answer: answer.request.method == "PUT") as saved:
        page.get_by_role("button", name="Save").last.click()
    assert saved.value.ok
    expect(page.get_by_role("button", name="Save").last).to_be_disabled()
    kept = line.settings.get("limits")
    assert (kept["updates_per_day"], "roll_out" in kept["allowed"]) == (1, False)
    assert kept["gate"]["margin"] == 1.0
    assert line.settings.get("schedule")["on"] is True
    plant.look("limits")


def drifting(project, name):
    """A device that told of two watches, one of them with an alarm."""
    device = project.devices.find(name) or project.devices.add(name)[0]
    calm = {
        "point": "side",
        "release": "main",
        "alarm": False,
        "threshold": 5000.0,
        "carriers": [],
        "sentence": "no drift in 30 images",
        "component": "noise",
        "reference_mean": 0.02,
        "reference_deviation": 0.002,
        "images": [10, 20, 30],
        "evidence": [0.0, 0.4, 0.2],
        "values": [0.02, 0.021, 0.02],
        "alarms": [],
        "newest": [],
    }
    loud = {
        **calm,
        "point": "top",
        "alarm": True,
        "sentence": DARK,
        "since_low": 52,
        "since_high": 70,
        "carriers": [["camera", "2"]],
        "component": "brightness",
        "images": [20, 40, 60, 80],
        "evidence": [0.1, 0.3, 40.0, 9000.0],
        "values": [0.4, 0.41, 0.36, 0.33],
        "alarms": [80],
        "newest": [{"number": 77, "name": "p77.png", "novelty": 4.0}],
    }
    project.device_drift.set(device.id, [loud, calm])


def test_the_line_shows_drift_over_time_and_draws_images_for_the_test_for_harm(plant):
    page, line = plant.page, plant.line
    set_limits(line, LOOSE, actor=ADA)
    plant.sign_in(OPERATOR)
    send(line, range(200, 230), light=1.5, alarm=True, start=now())
    drifting(line, "press-3")
    plant.go("line", "parts")
    top = page.get_by_role("article", name="Drift at press-3, top")
    expect(top).to_contain_text("18 % darker")
    expect(top).to_contain_text("It began between images 52 and 70. Only at camera 2.")
    expect(top).to_contain_text("To label first: p77.png")
    chart = top.get_by_role("img", name="Evidence 9,000 of a limit of 5,000, 1 alarm")
    chart.hover(position={"x": 4, "y": 60})
    expect(top).to_contain_text("Up to image 20: evidence 0.1, brightness 0.4")
    calm = page.get_by_role("article", name="Drift at press-3, side")
    expect(calm).to_contain_text("No drift in 30 images.")
    page.get_by_role("button", name="Draw 60 images to label").click()
    drawn = page.get_by_text(re.compile(r"0 of \d+ labeled"))
    expect(drawn).to_be_visible(timeout=30_000)
    total = int(re.search(r"of (\d+)", drawn.inner_text())[1])
    plant.look("drift-and-harm")
    page.get_by_role("link", name=f"Label the {total} that wait").click()
    page.wait_for_url("**/annotate/**")
    caption = page.locator("[class*=file]").first
    expect(caption).to_contain_text(".png")
    first = caption.inner_text()
    expect(page.get_by_text("Not labeled yet")).to_be_visible()
    plant.browser.settle()
    page.get_by_role("application").focus()
    page.keyboard.press("n")
    expect(caption).not_to_have_text(first)
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    plant.go("line", "parts")
    expect(page.get_by_text(f"1 of {total} labeled")).to_be_visible()
    expect(page.get_by_text("1 image labeled")).to_be_visible()
