"""`data log`."""

import pytest

from mlctl.domain.errors import NotFound
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_log import DataLogRequest
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_log import data_log


def test_the_history_is_newest_first_with_who_and_when(project):
    data_add(project.session(), DataAddRequest())
    project.write("data/rides.csv", "id,day,temp,rides\n1,2026-01-01,1.5,3\n")
    data_add(project.session(), DataAddRequest())
    events = data_log(project.session(), DataLogRequest(name="rides")).data.versions
    assert [(event.dataset.version, event.decision, event.current) for event in events] == [
        (2, 3, True),
        (1, 2, False),
    ]
    assert {event.added_by for event in events} == {"Ada"}
    assert {event.command for event in events} == {"mlctl test"}
    assert events[0].time > events[1].time


def test_an_unknown_name_tells_the_nearest(project):
    data_add(project.session(), DataAddRequest())
    with pytest.raises(NotFound, match="did you mean 'rides'"):
        data_log(project.session(), DataLogRequest(name="riders"))


def test_the_only_dataset_need_not_be_named(project, monkeypatch):
    monkeypatch.chdir(project.root)
    with pytest.raises(NotFound, match="there is no dataset yet"):
        data_log(project.session(), DataLogRequest())
    data_add(project.session(), DataAddRequest())
    assert data_log(project.session(), DataLogRequest()).data.name == "rides"
    project.write("b.csv", "x\n1\n")
    data_add(project.session(), DataAddRequest(paths=("b.csv",)))
    with pytest.raises(NotFound, match="which dataset") as refused:
        data_log(project.session(), DataLogRequest())
    assert refused.value.hints == ("mlctl data log b",)


def test_each_version_tells_what_it_changed(project):
    for name in ("a/1.txt", "a/2.txt", "b/3.txt"):
        project.write(f"img/{name}", f"content of {name}")
    data_add(project.session(), DataAddRequest(paths=("img",)))
    (project.root / "img/a/1.txt").rename(project.root / "img/b/1.txt")
    project.write("img/a/2.txt", "other")
    data_add(project.session(), DataAddRequest(paths=("img",)))
    (project.root / "img/b/3.txt").unlink()
    project.write("img/c.txt", "new")
    data_add(project.session(), DataAddRequest(paths=("img",)))
    third, second, first = data_log(project.session(), DataLogRequest(name="img")).data.versions
    assert first.changes is None
    assert (second.changes.renamed.files, second.changes.changed.files) == (1, 1)
    assert (third.changes.added.bytes, third.changes.removed.bytes) == (3, len("content of b/3.txt"))
    assert (third.files, third.added_by) == (3, "Ada")
    (only,) = data_log(project.session(), DataLogRequest(name="img", last=1)).data.versions
    assert only == third
