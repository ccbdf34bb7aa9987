"""`push`: what is published, in which order, under which numbers; what waits and why; what it costs."""

import json
import shutil
from contextlib import closing

import pytest

from mlctl.builtin.remotes.folder import FolderStore
from mlctl.domain.errors import Incomplete, NameMoved, NotFound, Unreachable
from mlctl.domain.progress import silent
from mlctl.domain.requests.clone import CloneRequest
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.data_import import DataImportRequest
from mlctl.domain.requests.data_status import DataStatusRequest
from mlctl.domain.requests.log import LogRequest
from mlctl.domain.requests.pull import PullRequest
from mlctl.domain.requests.push import PushRequest
from mlctl.domain.requests.redo import RedoRequest
from mlctl.domain.requests.remote_add import RemoteAddRequest
from mlctl.domain.requests.rollback import RollbackRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.domain.sharing import PENDING
from mlctl.project.remote_stores import open_remote
from mlctl.transport.unpushed import unpushed
from mlctl.verbs.clone import clone
from mlctl.verbs.data_add import data_add
from mlctl.verbs.data_import import data_import
from mlctl.verbs.data_status import data_status
from mlctl.verbs.log import log
from mlctl.verbs.pull import pull
from mlctl.verbs.push import push
from mlctl.verbs.redo import redo
from mlctl.verbs.remote_add import remote_add
from mlctl.verbs.rollback import rollback
from mlctl.verbs.undo import undo
from tests.remote_servers import make_bucket, s3_options, s3_server
from tests.store import full
from tests.verbs.repositories import commit, make_repository
from tests.verbs.teams import Member, team

assert team  # a fixture


def on_remote(team):
    return sorted(path.name for path in (team.remote / "mlctl" / "decisions").iterdir())


def test_without_a_remote_push_says_what_to_do(team):
    with pytest.raises(NotFound) as raised:
        team.first.push()
    assert raised.value.hints == ("mlctl remote add origin URL",)


def test_an_empty_remote_receives_the_log_as_it_is(team):
    before = {path.name: path.read_bytes() for path in team.first.repository.layout.decisions.iterdir()}
    team.shared()
    there = {path.name: path.read_bytes() for path in (team.remote / "mlctl" / "decisions").iterdir()}
    assert there == before
    assert list((team.remote / "files" / "md5").rglob("*")) != []
    again = team.first.push()
    assert (again.changed, again.facts, again.uploaded) == (False, 0, 0)


def test_a_pending_decision_is_published_with_all_that_it_needs(team):
    first = team.shared()
    two = first.model(2, team.dataset)
    assert first.repository.decisions.names().last_effect("models/demand/2") == PENDING + 1
    done = first.push()
    assert [(one.pending, one.decision, one.renumbered) for one in done.published] == [("p1", 4, ())]
    assert (team.remote / "mlctl" / "facts" / "models" / f"{two}.json").exists()
    second = team.clone("second")
    assert second.versions() == {1: team.one, 2: two}
    assert second.problems() == ()


def test_two_people_who_made_a_version_offline_both_end_well(team):
    first, second = team.shared(), team.clone("second")
    ours, theirs = first.model(2, team.dataset), second.model(2, full.add_dataset(second.repository, 2))
    assert first.push().published[0].renumbered == ()
    published = {one.kind: one for one in second.push().published}
    assert published["train"].renumbered == ("demand@2 → demand@3",)
    first.pull()
    assert first.versions() == second.versions() == {1: team.one, 2: ours, 3: theirs}
    row = log(first.session(), LogRequest(limit=1)).data.decisions[0]
    assert row.was == {"models/demand/3": "models/demand/2"}


def test_the_later_of_two_promotions_waits_with_what_depends_on_it_and_the_rest_goes_on(team):
    first, second = team.shared(), team.clone("second")
    two = second.model(2, team.dataset)
    second.promote(two)
    undo(second.session(), UndoRequest())
    third = full.add_labels(second.repository)
    first.promote(team.one)
    first.push()
    with pytest.raises(NameMoved, match="2 can't be published and wait") as raised:
        second.push()
    assert [one["decision"] for one in raised.value.facts["waiting"]] == ["p2", "p3"]
    assert raised.value.hints == ("mlctl log --pending", "mlctl log drop p2")
    assert second.stage() == team.one
    assert second.repository.decisions.shared().value(f"labels/demand/{third}") == third
    rows = log(second.session(), LogRequest(pending=True)).data.decisions
    assert [(row.number - PENDING, row.published, bool(row.waits)) for row in rows] == [
        (3, False, True),
        (2, False, True),
    ]


def test_undo_redo_and_rollback_work_before_and_after_publication(team):
    first = team.shared()
    two = first.model(2, team.dataset)
    first.promote(team.one)
    first.promote(two)
    undo(first.session(), UndoRequest())
    redo(first.session(), RedoRequest())
    first.push()
    assert first.stage() == two
    second = team.clone("second")
    undo(second.session(), UndoRequest())
    assert second.stage() == team.one
    assert second.push().published[0].kind == "undo"
    first.pull()
    assert first.stage() == team.one
    first.promote(two)
    back = rollback(first.session(), RollbackRequest()).data
    assert (back.published, first.stage()) == (True, team.one)


def test_an_undo_of_a_published_decision_that_was_overlaid_meanwhile_waits(team):
    first, second = team.shared(), team.clone("second")
    first.promote(team.one)
    first.push()
    second.pull()
    undo(second.session(), UndoRequest())
    two = first.model(2, team.dataset)
    first.promote(two)
    first.push()
    with pytest.raises(NameMoved, match="has moved"):
        second.push()
    assert second.stage() == two


def test_a_push_that_is_refused_in_part_tells_the_new_numbers_of_the_rest(team):
    first, second = team.shared(), team.clone("second")
    mine = second.model(2, team.dataset)
    second.promote(mine)
    first.promote(team.one)
    first.model(2, team.dataset)
    first.push()
    with pytest.raises(NameMoved, match=r"\(demand@2 → demand@3: another one was faster") as caught:
        second.push()
    assert caught.value.facts["renumbered"] == ["demand@2 → demand@3"]
    waiting = unpushed(second.session())
    assert (waiting.decisions, waiting.next) == (1, "mlctl log --pending")


def test_a_push_tells_what_data_it_has_sent(team):
    first = team.shared()
    (first.root / "more.csv").write_text("id,rides\n1,2\n")
    data_add(first.session(), DataAddRequest(paths=(str(first.root / "more.csv"),)))
    done = first.push()
    assert (done.files, done.bytes) == (1, 13)


def test_a_push_of_nothing_asks_for_one_key(team, monkeypatch):
    first = team.shared()
    asked = []
    for name in ("read", "put", "put_file", "create", "sizes", "list", "fetch"):
        real = getattr(FolderStore, name)

        def watched(self, *args, _name=name, _real=real, **more):
            asked.append((_name, args[0]))
            return _real(self, *args, **more)

        monkeypatch.setattr(FolderStore, name, watched)
    assert first.push().changed is False
    assert asked == [("read", "mlctl/decisions/00000004")]


def test_predictions_stay_on_their_machine(team):
    first = team.shared()
    journal = first.repository.predictions.journal("demand", "sync")
    journal.append(full.answered(full.ANY, 1))
    journal.close()
    repository = first.repository
    repository.predictions.seal("demand")
    tables = set(repository.layout.objects.rglob("*"))
    first.push()
    assert not (team.remote / "mlctl" / "facts" / "predictions").exists()
    there = {path.name for path in (team.remote / "mlctl" / "objects").rglob("*") if path.is_file()}
    assert len(there) < len([path for path in tables if path.is_file()])


def test_a_dry_run_asks_nothing_of_the_remote_and_says_what_waits(team):
    first = team.shared()
    first.model(2, team.dataset)
    before = on_remote(team)
    data = push(first.session(), PushRequest(dry_run=True)).data
    assert [one.pending for one in data.waiting] == ["p1"]
    assert on_remote(team) == before


def test_a_dry_run_names_the_data_that_would_go_up(project, tmp_path, monkeypatch):
    monkeypatch.chdir(project.root)
    for name in ("1", "22"):
        project.write(f"img/{name}.txt", name)
    data_add(project.session(), DataAddRequest(paths=("data/rides.csv", "img")))
    remote_add(project.session(), RemoteAddRequest(name="origin", url=str(tmp_path / "remote")))
    size = (project.root / "data/rides.csv").stat().st_size

    def planned():
        data = push(project.session(), PushRequest(dry_run=True)).data
        return [(one.dataset, one.path, one.files, one.bytes) for one in data.data], data.facts, data.uploaded

    first = [("rides@1", "data/rides.csv", 1, size), ("img@1", "img", 2, 3)]
    assert planned() == (first, 2, 3)
    assert not list(tmp_path.glob("remote/files/**/*"))
    push(project.session(), PushRequest())
    assert planned() == ([], 0, 0)
    project.write("img/333.txt", "333")
    data_add(project.session(), DataAddRequest(paths=("img",)))
    assert planned() == ([("img@2", "img", 1, 3)], 1, 0)


def test_what_its_pointer_withholds_stays_here_and_a_pull_elsewhere_says_so(project, tmp_path, monkeypatch):
    monkeypatch.chdir(project.root)
    project.write("secret.bin", "secret")
    data_add(project.session(), DataAddRequest(paths=("data/rides.csv", "secret.bin")))
    pointer = project.root / "secret.bin.dvc"
    project.write("secret.bin.dvc", f"{pointer.read_text(encoding='utf-8')}  push: false\n")
    remote_add(project.session(), RemoteAddRequest(name="origin", url=str(tmp_path / "remote")))
    planned = push(project.session(), PushRequest(dry_run=True)).data
    assert [one.dataset for one in planned.data] == ["rides@1"]
    assert push(project.session(), PushRequest()).data.files == 1
    again = push(project.session(), PushRequest(verify=True)).data.again
    assert (again.files, again.lacking) == (0, ())
    found = data_status(project.session(), DataStatusRequest(remote=True, check=True)).data.remote
    assert {one.name: one.state for one in found.datasets} == {"rides": "complete", "secret": "elsewhere"}
    shutil.rmtree(project.root / ".mlctl/cache/files")
    (project.root / "secret.bin").unlink()
    pulled = pull(PullRequest(folder=str(project.root)), report=silent, command="mlctl pull")
    assert pulled.data.kept == ("secret",)
    assert any("`push: false`" in text for text in pulled.warnings)


def test_what_was_imported_from_a_repository_goes_up_and_status_asks_for_it(project, tmp_path, monkeypatch):
    monkeypatch.chdir(project.root)
    other = make_repository(tmp_path / "other")
    (other / "a.csv").write_text("x\n1\n", encoding="utf-8")
    commit(other, "one")
    data_import(project.session(), DataImportRequest(source=str(other), path="a.csv"))
    remote_add(project.session(), RemoteAddRequest(name="origin", url=str(tmp_path / "remote")))

    def state():
        found = data_status(project.session(), DataStatusRequest(names=("a",), remote=True)).data.remote
        return found.datasets[0].state

    assert state() == "incomplete"
    push(project.session(), PushRequest())
    assert state() == "complete"


def test_a_folder_that_is_not_mounted_is_not_filled(team):
    first = team.shared()
    team.remote.rename(team.folder / "away")
    full.add_evaluation(first.repository, team.one, team.dataset)  # no decision waits, and a fact does
    with pytest.raises(Unreachable, match="not mounted"):
        first.push()
    assert not list(team.folder.glob("remote/**/*.json"))
    shutil.rmtree(team.remote, ignore_errors=True)
    (team.folder / "away").rename(team.remote)
    assert first.push().facts > 0


def test_a_remote_that_has_lost_its_newest_entries_gets_them_again(team):
    first = team.shared()
    first.promote(team.one)
    first.push()
    lost = team.remote / "mlctl" / "decisions" / "00000004"
    kept = lost.read_bytes()
    lost.unlink()
    first.model(2, team.dataset)
    assert first.push().uploaded == 1
    assert lost.read_bytes() == kept
    assert len(on_remote(team)) == 5


def test_a_remote_that_has_lost_everything_is_not_filled_unasked(team, tmp_path):
    first = team.shared()
    team.remote.rename(tmp_path / "not mounted")
    first.model(2, team.dataset)
    with pytest.raises(Unreachable, match="holds nothing of this log any more"):
        first.push()
    assert not team.remote.exists()
    (tmp_path / "not mounted").rename(team.remote)
    assert [one.decision for one in first.push().published] == [4]


def lose(team, *keys):
    for key in keys:
        path = team.remote / key
        path.chmod(0o644)
        path.unlink()


def all_on_remote(team):
    return {
        str(path.relative_to(team.remote)): path.read_bytes()
        for path in sorted(team.remote.rglob("*"))
        if path.is_file() and "tmp" not in path.name
    }


def verified(member, **more):
    return push(member.session(), PushRequest(verify=True, **more)).data


def test_what_a_remote_has_lost_is_sent_again_only_where_every_object_is_asked_for(team):
    first = team.shared()
    before = all_on_remote(team)
    kinds = ("files/md5", "mlctl/objects", "mlctl/facts", "mlctl/decisions/00000002")
    lost = [next(key for key in before if key.startswith(kind)) for kind in kinds]
    lose(team, *lost)
    assert first.push().changed is False  # believed to be there
    planned = verified(first, dry_run=True)
    assert (planned.changed, all_on_remote(team)) == (
        False,
        {k: v for k, v in before.items() if k not in lost},
    )
    data = verified(first)
    assert all_on_remote(team) == before
    assert data.again == planned.again
    again = data.again
    assert (data.changed, again.files, again.facts, again.decisions, again.lacking) == (True, 1, 2, 1, ())
    assert again.bytes == sum(len(before[key]) for key in lost[:1])
    second = verified(first)
    assert (second.changed, second.again.files, second.again.facts, second.again.decisions) == (
        False,
        0,
        0,
        0,
    )


def test_a_file_of_a_folder_and_a_half_one_are_sent_again(team):
    first = team.shared()
    member = first.root / "images"
    for name in ("a", "b", "c"):
        (member / name).parent.mkdir(exist_ok=True)
        (member / name).write_text(name * 10)
    data_add(first.session(), DataAddRequest(paths=(str(member),)))
    first.push()
    before = all_on_remote(team)
    a, b = (next(key for key, data in before.items() if data == name * 10) for name in (b"a", b"b"))
    lose(team, a)
    (team.remote / b).chmod(0o644)
    (team.remote / b).write_bytes(b"bb")
    assert (first.push().changed, verified(first).again.files) == (False, 2)
    assert all_on_remote(team) == before


def test_what_nobody_here_has_is_named_after_the_rest_was_sent_and_who_has_it_heals_it(team):
    first = team.shared()
    second = team.clone("second")
    key = next(key for key in all_on_remote(team) if key.startswith("files/md5"))
    fact = next(key for key in all_on_remote(team) if key.startswith("mlctl/facts/models"))
    lose(team, key, fact)
    two = second.model(2, team.dataset)
    with pytest.raises(Incomplete, match=r"rides@1.*mlctl push --verify") as raised:
        verified(second)
    assert raised.value.facts["lacking"] == ["rides@1 (1 files)"]
    assert (team.remote / fact).exists()
    assert second.repository.decisions.shared().value("models/demand/2") == two
    assert verified(first).again.files == 1
    assert verified(second).again.lacking == ()


def test_verifying_needs_no_memory_of_what_was_sent(team):
    first, second = team.shared(), team.clone("second")
    data, fact = (
        next(key for key in all_on_remote(team) if key.startswith(kind))
        for kind in ("files/md5", "mlctl/facts/models")
    )
    lose(team, data, fact)
    for member in (second, first):  # the second has the facts, and not the data
        shutil.rmtree(member.repository.layout.index)
    with pytest.raises(Incomplete, match="rides@1"):
        verified(second)
    assert (team.remote / fact).exists()
    assert verified(first).again.files == 1
    for member in (second, first):
        assert verified(member).changed is False


def test_a_fetch_that_meets_a_lost_fact_or_object_says_what_heals_it(team):
    first = team.shared()
    keys = all_on_remote(team)
    fact = next(key for key in keys if key.startswith("mlctl/facts/models"))
    artefact = json.loads(keys[fact])["artefacts"][0]["sha256"]
    thing = next(key for key in keys if key.endswith(artefact))
    for number, key in enumerate((fact, thing)):
        lose(team, key)
        with pytest.raises(Incomplete, match=rf"{key.split('/')[-1]}.* `mlctl push --verify`"):
            team.clone(f"clone-{number}")
        assert verified(first).again.facts == 1
        assert team.clone(f"again-{number}").problems() == ()


def test_a_clone_of_one_model_verifies_what_it_has(team):
    team.shared().promote(team.one)
    team.first.push()
    root = team.folder / "server"
    only = clone(
        CloneRequest(url=str(team.remote), folder=str(root), only=("demand@production",)),
        report=silent,
        command="mlctl clone",
    )
    assert only.data.decisions == 4
    server = Member(root)
    fact = next(key for key in all_on_remote(team) if key.startswith("mlctl/facts/models"))
    lose(team, fact)
    assert verified(server).again.facts == 1
    assert (team.remote / fact).exists()


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_folder_that_is_not_mounted_is_not_filled_by_verifying_it(team, tmp_path, dry_run):
    first = team.shared()
    team.remote.rename(tmp_path / "away")
    with pytest.raises(Unreachable, match="not mounted"):
        verified(first, dry_run=dry_run)
    assert not team.remote.exists() or not all_on_remote(team)


def test_a_bucket_that_has_lost_something_is_healed(team, monkeypatch):
    with s3_server() as endpoint:
        for name, value in s3_options(endpoint).items():
            monkeypatch.setenv(f"MLCTL_REMOTE_ORIGIN_{name.upper()}", value)
        first = team.first
        url = make_bucket(endpoint, "healing")
        remote_add(first.session(), RemoteAddRequest(name="origin", url=url))
        first.push()
        with closing(open_remote(first.session())) as store:
            before = {one.key: one.size for one in store.list("")}
            kinds = ("files/md5", "mlctl/objects", "mlctl/facts/datasets", "mlctl/decisions/00000001")
            lost = [next(key for key in before if key.startswith(kind)) for kind in kinds]
            store.remove(lost)
            assert first.push().changed is False
            again = verified(first).again
            assert (again.files, again.facts, again.decisions) == (1, 2, 1)
            assert {one.key: one.size for one in store.list("")} == before
