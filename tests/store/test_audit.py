def test_entries_come_newest_first_and_page_by_page(store):
    for number in range(5):
        store.audit.log("ann", "test", f"thing/{number}", {"n": number})
    first = store.audit.entries(limit=3)
    assert [e.object for e in first] == ["thing/4", "thing/3", "thing/2"]
    rest = store.audit.entries(before=first[-1].id)
    assert [e.object for e in rest] == ["thing/1", "thing/0", "project/casings"]
    assert (first[0].who, first[0].action, first[0].details) == ("ann", "test", {"n": 4})
    assert first[0].organisation == "local"


def test_an_entry_of_what_was_rolled_back_is_rolled_back_too(store):
    before = store.audit.entries()
    project = store.project("casings")
    try:
        with project.transaction():
            store.audit.log("ann", "test", "thing")
            raise KeyError
    except KeyError:
        pass
    assert store.audit.entries() == before
