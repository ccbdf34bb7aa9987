"""What differs between two sets of files."""

from hashlib import md5, sha256

from hypothesis import given
from hypothesis import strategies as st

from mlctl.domain.dataset import FileEntry
from mlctl.domain.file_changes import below, compare, merged


def entry(path, content):
    data = content.encode()
    return FileEntry(
        path=path,
        size=len(data),
        md5=md5(data, usedforsecurity=False).hexdigest(),
        sha256=sha256(data).hexdigest(),
    )


def folder(**contents):
    return [entry(path, content) for path, content in sorted(contents.items())]


def told(old, new, **options):
    return compare(merged(folder(**old), folder(**new)), **{"limit": 100, **options})


def test_each_kind_of_change_is_told_once():
    found = told({"a": "1", "b": "22", "c": "333", "d": "4"}, {"a": "1", "b": "xy", "e": "333", "f": "55555"})
    assert [(one.change, one.path, one.was, one.old_size, one.new_size) for one in found.files] == [
        ("changed", "b", None, 2, 2),
        ("removed", "d", None, 1, None),
        ("renamed", "e", "c", 3, 3),
        ("added", "f", None, None, 5),
    ]
    assert found.tally.different
    assert (found.tally.added.bytes, found.tally.removed.bytes, found.tally.renamed.bytes) == (5, 1, 3)
    assert not told({"a": "1"}, {"a": "1"}).tally.different


def test_one_file_that_became_two_is_one_rename_and_one_addition():
    found = told({"a": "same"}, {"b": "same", "c": "same"})
    assert [(one.change, one.path) for one in found.files] == [("renamed", "b"), ("added", "c")]


def test_the_list_is_cut_and_everything_is_counted():
    found = told({}, {f"f{n:03}": str(n) for n in range(50)}, limit=3)
    assert [one.path for one in found.files] == ["f000", "f001", "f002"]
    assert (found.more, found.tally.added.files) == (47, 50)


def test_where_too_many_files_came_and_went_renames_count_as_both():
    found = told({f"a{n}": str(n) for n in range(9)}, {f"b{n}": str(n) for n in range(9)}, most=3)
    assert not found.tally.renames_sought
    assert (found.tally.added.files, found.tally.removed.files, found.tally.renamed.files) == (9, 9, 0)


def test_only_what_is_below_a_path_and_not_what_begins_like_it():
    pairs = list(merged(folder(), [entry(path, "x") for path in ("a", "a.txt", "a/1", "a/b/2", "ab/3")]))
    assert [new.path for _, new in below(pairs, "a/")] == ["a", "a/1", "a/b/2"]
    assert len(list(below(pairs, ""))) == 5


NAMES = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["1", "22", "333"]))


@given(NAMES, NAMES)
def test_applying_the_changes_to_the_old_gives_the_new(old, new):
    contents = dict(old)
    found = told(old, new)
    for one in found.files:
        if one.change == "removed":
            assert contents.pop(one.path) == old[one.path]
        if one.change == "renamed":
            del contents[one.was]
    for one in found.files:
        if one.change != "removed":
            assert one.new_size == len(new[one.path])
            if one.change == "renamed":
                assert old[one.was] == new[one.path]
            contents[one.path] = new[one.path]
    assert contents == new
    counts = (found.tally.added, found.tally.removed, found.tally.changed, found.tally.renamed)
    assert sum(one.files for one in counts) == len(found.files)
