from pitmark.store.device_reports import DeviceState


def watch(point="top", **changes):
    return {"point": point, "release": "main", "images": [10, 20], **changes}


def known(project, name):
    return project.devices.add(name)[0]


def test_a_course_takes_the_place_of_the_one_before(project):
    device = known(project, "press-1")
    project.device_drift.set(device.id, [watch()])
    project.device_drift.set(device.id, [watch(images=[10, 20, 30]), watch("side")])
    (row,) = project.device_drift.list()
    assert row.device == "press-1"
    assert [w["images"] for w in row.watches] == [[10, 20, 30], [10, 20]]


def test_devices_with_an_alarm_come_first_and_one_can_be_asked_for(project):
    for name in ("a", "b", "c"):
        project.device_drift.set(known(project, name).id, [watch()])
    alarmed = DeviceState(release=None, on_trial=False, drift=True, facts={})
    project.device_reports.set_state(project.devices.get("c").id, alarmed)
    assert [row.device for row in project.device_drift.list()] == ["c", "a", "b"]
    assert [row.device for row in project.device_drift.list(limit=1)] == ["c"]
    assert [row.device for row in project.device_drift.list(device="b")] == ["b"]
    assert project.device_drift.list(device="nobody") == []


def test_no_other_project_sees_a_course(store, project):
    project.device_drift.set(known(project, "press-1").id, [watch()])
    other = store.create_project("other", "detection", project.book.current())
    assert other.device_drift.list() == []
    assert other.device_drift.list(device="press-1") == []


def test_the_courses_go_with_their_project(store, project):
    project.device_drift.set(known(project, "press-1").id, [watch()])
    name = project.name
    book = project.book.current()
    store.delete_project(name)
    assert store.create_project(name, "detection", book).device_drift.list() == []
