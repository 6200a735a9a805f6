import pytest

from pitmark.core.errors import ConflictError, NotFoundError
from pitmark.store.promotions import NewPromotion
from tests.store.making import box, labeled_image, snapshot_of


@pytest.fixture
def runs(project):
    labeled_image(project, "a", box())
    snapshot_of(project)
    made = [project.runs.create("train", "latest", {}, seed).id for seed in range(2)]
    return [project.runs.finish(r, {}, None, {}).id for r in made]


def _new(run, **about):
    given = {"decision": "promoted", "champion": None, "version": None, "record": {"ok": True}}
    return NewPromotion(run_id=run, **{**given, **about})


def test_decisions_are_numbered_and_come_back_the_newest_first(project, runs):
    first = project.promotions.add(_new(runs[0]), by="ann")
    second = project.promotions.add(
        _new(runs[1], champion=runs[0], decision="refused", record={"why": ["x"]}), by="bo"
    )
    assert (first.number, first.by, first.champion, first.record) == (
        1,
        "ann",
        None,
        {"ok": True},
    )
    assert (second.champion, second.decision) == (runs[0], "refused")
    assert project.promotions.list() == [second, first]
    assert project.promotions.get() == second
    entry = project.audit.entries()[0]
    assert (entry.who, entry.action, entry.object) == (
        "bo",
        "promote",
        "project/casings/promotion/2",
    )


def test_a_decision_is_never_changed_removed_or_replaced(home, project, runs, folders):
    project.promotions.add(_new(runs[0]), by="ann")
    change, remove, replace = (
        "UPDATE promotions SET decision = 'refused'",
        "DELETE FROM promotions",
        "INSERT OR REPLACE INTO promotions SELECT * FROM promotions",
    )
    for statement in [change, remove, *([replace] if folders.kind == "sqlite" else [])]:
        with pytest.raises(Exception, match="promotions are never"):
            folders.run(home, statement)
    assert [p.decision for p in project.promotions.list()] == ["promoted"]


def test_decisions_go_with_their_whole_project(store, project, runs):
    project.promotions.add(_new(runs[0]), by="ann")
    project.promotions.name("champion", runs[0], by="ann")
    project.updates.begin("train", {}, by="ann")
    project.settings.save("limits", {"a": 1}, by="ann")
    store.delete_project(project.info.name)
    assert store.projects() == []


def test_a_name_stands_for_one_run_at_a_time(project, runs):
    assert project.promotions.alias("champion") is None
    project.promotions.name("champion", runs[0], version=3, by="ann")
    project.promotions.name("candidate", runs[1], by="ann")
    project.promotions.name("champion", runs[1], version=4, by="bo")
    champion = project.promotions.alias("champion")
    assert (champion.run_id, champion.version, champion.by) == (runs[1], 4, "bo")
    assert project.promotions.alias("candidate").version is None


def test_only_a_run_that_is_done_has_a_name(project, runs):
    running = project.runs.create("train", "latest", {}, 9).id
    with pytest.raises(ConflictError, match="running and cannot be the champion"):
        project.promotions.name("champion", running, by="ann")
    with pytest.raises(NotFoundError, match="no run 'r0099'"):
        project.promotions.add(_new("r0099"), by="ann")
    with pytest.raises(NotFoundError, match="nothing was decided yet"):
        project.promotions.get()


def test_an_update_keeps_what_its_steps_gave(project):
    begun = project.updates.begin("data", {"champion": "r0001"}, by="ann")
    with project.updates.alone():
        noted = project.updates.note(begun.number, "train", {"snapshot": "abc"})
        assert (noted.state, noted.step) == ("running", "train")
        assert noted.facts == {"champion": "r0001", "snapshot": "abc"}
    assert project.updates.get(1).state == "interrupted"
    done = project.updates.end(1, "done", facts={"version": 2})
    assert (done.state, done.facts["version"], done.finished is None) == ("done", 2, False)
    assert project.updates.count_since(begun.begun) == 1
    assert project.updates.count_since(done.finished) == 0
    with pytest.raises(NotFoundError, match="no update 7"):
        project.updates.get(7)


def test_two_updates_of_a_project_never_run_at_once(project):
    with (
        project.updates.alone(),
        pytest.raises(ConflictError, match="update of this project is under way"),
        project.updates.alone(),
    ):
        pass
    with project.updates.alone():
        assert project.updates.busy
    assert not project.updates.busy


def test_settings_come_back_and_their_changes_are_in_the_audit_log(project):
    assert project.settings.get("limits") is None
    project.settings.save("limits", {"updates_per_day": 2}, by="ann")
    project.settings.save("limits", {"updates_per_day": 5}, by="bo")
    assert project.settings.get("limits") == {"updates_per_day": 5}
    entry = project.audit.entries()[0]
    assert (entry.who, entry.action) == ("bo", "set_limits")
    assert entry.details == {"was": {"updates_per_day": 2}, "is": {"updates_per_day": 5}}
