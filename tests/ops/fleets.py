"""Projects with real releases and registered devices, for tests of the fleet."""

from pitmark.core.label_book import LabelBook
from pitmark.store.device_reports import DeviceState
from tests.edge.releases import release
from tests.store.making import box, labeled_image, snapshot_of

PROJECT = "casings"


def make_project(store, name=PROJECT):
    """A detection project with a run that can be released."""
    book = LabelBook().with_classes(["scratch", "dent"])
    project = store.create_project(name, "detection", book)
    add_run(project)
    return project


def add_run(project):
    """A run without a model; the bundles of `add_release` are whole in themselves."""
    labeled_image(project, "a.png", box())
    snapshot_of(project)
    run = project.runs.create("train", "latest", {}, 0)
    project.runs.finish(run.id, {}, None, {})


def add_release(project, folder, make=release, **changes):
    """A signed bundle of the next version, released; gives its row."""
    version = project.releases.next_version()
    changes.setdefault("project", project.info.name)
    data = make(folder, version, **changes) if make is release else make(folder, version)
    run = project.runs.list()[0]
    return project.releases.add(run.id, version, project.blobs.put(data), {})


def add_devices(project, count):
    """Registered devices press-00, press-01, ...; gives their rows."""
    out = []
    for number in range(count):
        _, code = project.devices.add(f"press-{number:02}")
        out.append(project.devices.exchange(code)[0])
    return out


def runs(project, name, version, *, on_trial=False):
    """Let a device say that it runs a version."""
    device = project.devices.get(name)
    state = DeviceState(version, on_trial, False, {})
    project.device_reports.set_state(device.id, state)
