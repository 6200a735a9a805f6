from dataclasses import replace

from pitmark.core.label_book import ClassEntry, NumericRule


def test_a_new_project_has_its_book_as_revision_1(project):
    assert project.book.current().revision == 1
    assert project.book.current().names == ("good", "scratch", "dent")


def test_a_saved_book_gets_the_next_revision_whatever_it_says(project):
    book = replace(project.book.current(), revision=77)
    assert project.book.save(book, "ann", "").revision == 2
    assert project.book.current().revision == 2


def test_a_book_comes_back_as_it_was_saved(project):
    rule = NumericRule("length", "mm", minimum=3.0)
    entry = ClassEntry("scratch", "a line", ("ab",), ("cd",), (rule,), must_catch=True)
    saved = project.book.save(
        replace(project.book.current().with_entry(entry), mm_per_px=0.05), "bo", "3 mm rule"
    )
    assert project.book.current() == saved


def test_all_revisions_are_kept_with_author_and_reason(project):
    project.book.save(project.book.current().with_classes(["pit mark"]), "bo", "new defect")
    first, second = project.book.history()
    assert first.book.names == ("good", "scratch", "dent")
    assert (second.book.revision, second.author, second.reason) == (2, "bo", "new defect")
    assert first.at <= second.at
    assert second.at.utcoffset().total_seconds() == 0
