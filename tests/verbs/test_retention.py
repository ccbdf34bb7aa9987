"""What `[retain]` lets go, and everything that it must not touch."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from mlctl.builtin.remotes.folder import FolderRemote
from mlctl.deployment.pointer import pointer_to
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.decision import Change, Draft
from mlctl.domain.errors import Incomplete, Missing, SpecInvalid
from mlctl.domain.model import ModelVersion
from mlctl.domain.removal import Removal
from mlctl.domain.requests.diff import DiffRequest
from mlctl.domain.requests.eval import EvalRequest
from mlctl.domain.requests.fsck import FsckRequest
from mlctl.domain.requests.gc import GcRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.redo import RedoRequest
from mlctl.domain.requests.show import ShowRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.domain.run import Run
from mlctl.sharing import keys
from mlctl.sharing.facts import OBJECT, Bringing, every, share
from mlctl.sharing.mending import mend
from mlctl.sharing.transfer import Mended
from mlctl.store.collect import Collector
from mlctl.store.files import Files
from mlctl.store.known import Known
from mlctl.store.references import references
from mlctl.store.repository import Repository
from mlctl.store.trash import Trash
from mlctl.verbs.diff import diff
from mlctl.verbs.eval import eval as evaluate
from mlctl.verbs.fsck import fsck
from mlctl.verbs.gc import gc
from mlctl.verbs.promote import promote
from mlctl.verbs.redo import redo
from mlctl.verbs.show import show
from mlctl.verbs.train import train
from mlctl.verbs.undo import undo
from tests.store import full
from tests.verbs.learner import spec


class Shop:
    """A repository with six versions made by hand; the newest is 6."""

    def __init__(self, folder, rules):
        self.session = full.session(folder)
        self.repository = self.session.repository
        (self.session.root / "mlctl.toml").write_text(f'spec = 1\n[project]\nname = "p"\n[retain]\n{rules}\n')
        self.dataset = full.add_dataset(self.repository)
        self.versions = {
            number: full.add_model(self.repository, self.dataset, number) for number in range(1, 7)
        }
        self.repository.flush()

    def version(self, number):
        return self.repository.facts.get(ModelVersion, self.versions[number])

    def has_files(self, number):
        return all(self.repository.objects.has(one.sha256) for one in self.version(number).artefacts)

    def gc(self, yes=True, **more):
        return gc(self.session, GcRequest(yes=yes, older_than="0s", **more)).data

    def left(self):
        return [number for number in self.versions if self.has_files(number)]

    def clean(self):
        return fsck(self.session, FsckRequest()).data.clean


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path, "versions = 2")


def test_files_of_old_versions_go_their_records_stay_and_say_so(shop):
    plan = shop.gc(yes=False)
    assert [one.label for one in plan.released] == [f"demand@{number}" for number in range(1, 5)]
    assert shop.left() == [1, 2, 3, 4, 5, 6]
    done = shop.gc()
    assert [(one.what, one.files) for one in done.collected] == [("retention", 4)]
    assert shop.left() == [5, 6]
    assert len(shop.repository.facts.all(ModelVersion)) == 6
    assert shop.clean()
    shown = show(shop.session, ShowRequest(selector="demand@1")).data.related
    assert shown["removed"] == "removed by gc on 2026-11-02, rule retain.versions = 2"
    assert show(shop.session, ShowRequest(selector="demand@6")).data.related["removed"] is None
    again = shop.gc()
    assert (again.changed, again.released) == (False, ())
    assert len(shop.repository.facts.all(Removal)) == 4
    shop.gc(restore=True)
    assert shop.left() == [1, 2, 3, 4, 5, 6]
    assert show(shop.session, ShowRequest(selector="demand@1")).data.related["removed"] is None


def test_what_is_younger_than_the_lease_stays(shop):
    found = gc(shop.session, GcRequest(yes=True)).data
    assert (found.changed, found.released, found.young.files) == (False, (), 4)
    assert shop.repository.facts.all(Removal) == []


def staged(shop):
    full.decide(shop.repository, "promote", stages__demand__production=shop.versions[2])


def staged_once(shop):
    staged(shop)
    full.decide(shop.repository, "promote", stages__demand__production=shop.versions[6])


def staged_and_undone(shop):
    staged(shop)
    full.decide(shop.repository, "promote", stages__demand__production=None)


def approved(shop):
    name = f"approvals/demand/{shop.versions[2]}/production/{'a' * 16}"
    full.decide_moves(shop.repository, "approve", {name: shop.versions[2]})


def retired(shop):
    full.decide_moves(shop.repository, "retire", {f"retired/demand/{shop.versions[2]}": shop.versions[2]})


def refit_is_staged(shop):
    version = msgspec.structs.replace(shop.version(2), refit_of=shop.versions[2], created_at=full.T)
    refit = shop.repository.facts.add(version)
    full.decide(shop.repository, "promote", models__demand__2__refit=refit, stages__demand__production=refit)


def evidence(shop):
    evaluation = full.add_evaluation(shop.repository, shop.versions[2], shop.dataset)
    change = Change(name="stages/demand/production", old=None, new=shop.versions[6])
    draft = Draft(kind="promote", changes=(change,), evidence={"evaluation": evaluation})
    shop.repository.decisions.commit(lambda _names: draft, actor=full.ACTOR, command="x", now=lambda: full.T)


def logged(shop):
    journal = shop.repository.predictions.journal("demand", "sync")
    journal.append(full.answered(shop.versions[2], 1))
    journal.close()


def logged_and_sealed(shop):
    logged(shop)
    shop.repository.predictions.seal("demand")


def frozen(shop):
    known = shop.repository.facts.get(DatasetVersion, shop.dataset)
    served = msgspec.structs.replace(
        known, name="served", parent=None, origin={"models": [shop.versions[2]], "kind": "served"}
    )
    full.decide(shop.repository, "loop", datasets__served__1=shop.repository.facts.add(served))


def shared_file(shop):
    """Version 6 has, besides its own, the file of version 2."""
    six, two = shop.version(6), shop.version(2)
    more = msgspec.structs.replace(two.artefacts[0], name="base.bin")
    digest = shop.repository.facts.add(msgspec.structs.replace(six, artefacts=(*six.artefacts, more)))
    full.decide(shop.repository, "train", models__demand__7=digest)


@pytest.mark.parametrize(
    "need",
    [
        staged, staged_once, staged_and_undone, approved, retired, refit_is_staged, evidence, logged,
        logged_and_sealed, frozen, shared_file,
    ],
)  # fmt: skip
def test_what_anything_speaks_of_is_never_touched(shop, need):
    need(shop)
    done = shop.gc()
    assert done.changed
    assert 2 in shop.left()
    assert not shop.has_files(1)
    assert shop.clean()


def test_a_decision_that_comes_while_objects_are_moved_gets_them_back(shop, monkeypatch):
    moving = Collector.files

    def files(self, paths):
        paths = list(paths)
        two = shop.repository.layout.object(shop.version(2).artefacts[0].sha256)
        if two in paths:
            staged(shop)  # as another process would, after gc has planned
        moving(self, paths)

    monkeypatch.setattr(Collector, "files", files)
    done = shop.gc()
    assert "demand@2" not in [one.label for one in done.released]
    assert 2 in shop.left()
    assert show(shop.session, ShowRequest(selector="demand@2")).data.related["removed"] is None


def test_output_of_old_runs_goes_and_the_rest_of_the_record_stays(tmp_path):
    shop = Shop(tmp_path, 'runs = "90d"')
    staged(shop)
    assert shop.gc().released == ()
    moment = datetime(2026, 11, 2, tzinfo=UTC) + timedelta(days=91)
    shop.session.clock = lambda: moment
    done = shop.gc()
    assert len(done.released) == 5  # that of the staged version stays
    facts = shop.repository.facts
    for _, run in facts.all(Run):
        kept = run.run == shop.version(2).run
        assert shop.repository.objects.has(run.log) is kept
        assert all(shop.repository.objects.has(one) for one in (run.spec, run.code.patch))
    assert shop.left() == [1, 2, 3, 4, 5, 6]
    assert shop.clean()


def test_a_removal_travels_and_nobody_misses_what_is_gone_everywhere(shop, tmp_path):
    shop.gc()
    (tmp_path / "remote").mkdir()
    store = FolderRemote().open(str(tmp_path / "remote"), {})
    share(
        shop.repository,
        store,
        Known(shop.repository.layout, store.url),
        every(shop.repository),
        lambda *_: None,
    )
    other = Repository.create(tmp_path / "q", actor=full.ACTOR, command="init", now=lambda: full.T)
    bringing = Bringing(other, store, Known(other.layout, store.url), lambda *_: None)
    bringing.bring([("models", digest) for digest in shop.versions.values()])
    for one in bringing.listed():
        bringing.bring([one])
    assert len(other.facts.all(ModelVersion)) == 6
    assert len(other.facts.all(Removal)) == 4
    here = [
        all(other.objects.has(one) for one in references(version).objects)
        for _, version in sorted(other.facts.all(ModelVersion), key=lambda pair: pair[1].run)
    ]
    assert here == [False] * 4 + [True] * 2


def test_a_version_without_files_is_not_promoted_and_comes_back_by_gc(learner):
    learner.write("mlctl.toml", spec() + "\n[retain]\nversions = 1\n")
    train(learner.session(), TrainRequest())
    evaluate(learner.session(), EvalRequest(model="demand@1"))
    train(learner.session(), TrainRequest(set=("alpha=2",)))
    assert gc(learner.session(), GcRequest(yes=True, older_than="0s")).data.released[0].label == "demand@1"
    said = "the files of demand@1 are gone: removed by gc on .*, rule retain.versions = 1"
    with pytest.raises(Missing, match=said) as gone:
        promote(learner.session(), PromoteRequest(model="demand@1"))
    assert gone.value.hints[0] == "mlctl gc --restore"
    with pytest.raises(Missing, match=said):
        evaluate(learner.session(), EvalRequest(model="demand@1", data="rides"))
    gc(learner.session(), GcRequest(restore=True))
    assert promote(learner.session(), PromoteRequest(model="demand@1")).data.changed


@pytest.mark.parametrize(
    ("rule", "said"),
    [("versions = 0", "must be 1 or more"), ('runs = "soon"', "not a duration"), ("keep = 3", "keep")],
)
def test_a_rule_that_makes_no_sense_is_refused(project, rule, said):
    project.write("mlctl.toml", f'spec = 1\n[project]\nname = "p"\n[retain]\n{rule}\n')
    with pytest.raises(SpecInvalid, match=said):
        gc(project.session(), GcRequest())


def share_all(repository, folder):
    folder.mkdir(exist_ok=True)
    store = FolderRemote().open(str(folder), {})
    share(repository, store, Known(repository.layout, store.url), every(repository), lambda *_: None)
    return store


def lost_again(shop):
    """Version 1 was let go and came back; then a stage took it up, and its file was lost."""
    shop.gc()
    shop.gc(restore=True)
    full.decide(shop.repository, "promote", stages__demand__production=shop.versions[1])
    shop.repository.layout.object(shop.version(1).artefacts[0].sha256).unlink()


def test_a_removal_excuses_nothing_that_a_stage_rests_on(shop, tmp_path):
    lost_again(shop)
    with pytest.raises(Missing, match=shop.version(1).artefacts[0].sha256):
        shop.clean()
    with pytest.raises(Incomplete, match="neither here nor on"):
        share_all(shop.repository, tmp_path / "remote")


def test_a_removal_excuses_its_own_subject_alone(shop):
    shop.gc()
    six, one = shop.version(6), shop.version(1)
    more = msgspec.structs.replace(one.artefacts[0], name="base.bin")
    digest = shop.repository.facts.add(msgspec.structs.replace(six, artefacts=(*six.artefacts, more)))
    with pytest.raises(Missing, match=rf"1 problem found:\n.* named by .*{digest}"):
        shop.clean()


def test_a_clone_misses_what_a_stage_rests_on_though_a_rule_let_it_go_once(shop, tmp_path):
    gone = shop.version(1).artefacts[0].sha256
    full.decide(shop.repository, "promote", stages__demand__production=shop.versions[1])
    shop.repository.facts.add(
        Removal(
            created_at=full.T, of="models", subject=shop.versions[1], label="demand@1", objects=(gone,),
            rule="retain.versions = 1", actor=full.ACTOR,
        )
    )  # fmt: skip
    store = share_all(shop.repository, tmp_path / "remote")
    (tmp_path / "remote" / keys.object_of(gone)).unlink()
    other = Repository.create(tmp_path / "q", actor=full.ACTOR, command="init", now=lambda: full.T)
    bringing = Bringing(other, store, Known(other.layout, store.url), lambda *_: None)
    bringing.entries = [one.entry for one in shop.repository.decisions.entries()]
    with pytest.raises(Incomplete, match=gone):
        bringing.bring([("models", shop.versions[1])])
    assert bringing.bring([("models", shop.versions[2])]) > 0
    assert mend(shop.repository, store, lambda _md5: Mended(), lambda *_: None, dry_run=True).objects == ()
    shop.repository.layout.object(gone).unlink()
    assert mend(shop.repository, store, lambda _md5: Mended(), lambda *_: None).objects == (gone,)


def test_what_a_fetch_did_not_bring_is_not_believed_to_be_on_the_remote(shop, tmp_path):
    shop.gc()
    gone = shop.version(1).artefacts[0].sha256
    store = share_all(shop.repository, tmp_path / "remote")
    other = Repository.create(tmp_path / "q", actor=full.ACTOR, command="init", now=lambda: full.T)
    known = Known(other.layout, store.url)
    bringing = Bringing(other, store, known, lambda *_: None)
    bringing.bring([("models", digest) for digest in shop.versions.values()])
    assert not known.has(OBJECT, gone)
    assert known.has(OBJECT, shop.version(6).artefacts[0].sha256)
    assert other.objects.put(b"weights 1") == gone  # the same fit, made here
    more = msgspec.structs.replace(shop.version(1), rows=11)
    share(other, store, known, [("models", other.facts.add(more))], lambda *_: None)
    assert (tmp_path / "remote" / keys.object_of(gone)).exists()


def test_a_version_that_goes_by_a_newer_number_too_keeps_its_files(shop):
    full.decide(shop.repository, "train", models__demand__7=shop.versions[1])
    done = shop.gc()
    assert [one.label for one in done.released] == [f"demand@{number}" for number in range(2, 6)]
    assert shop.left() == [1, 6]


def test_the_newest_version_keeps_its_files_under_whatever_numbers_it_goes(learner):
    learner.write("mlctl.toml", spec() + "\n[retain]\nversions = 1\n")
    train(learner.session(), TrainRequest())
    undo(learner.session(), UndoRequest())
    made = train(learner.session(), TrainRequest()).data
    redo(learner.session(), RedoRequest())
    assert gc(learner.session(), GcRequest(yes=True, older_than="0s")).data.released == ()
    version = learner.session().repository.facts.get(ModelVersion, made.digest)
    assert all(learner.session().repository.objects.has(one.sha256) for one in version.artefacts)


def test_the_work_of_a_program_is_not_read(shop):
    work = shop.repository.layout.store / "live" / "one" / "program"
    work.mkdir(parents=True)
    (work / "best").symlink_to("epoch-7")
    os.mkfifo(work / "pipe")
    (work.parent / "current").symlink_to("nothing")
    assert shop.gc().changed
    assert shop.left() == [5, 6]


def test_a_project_in_a_folder_called_program_is_read(tmp_path):
    shop = Shop(tmp_path / "program", "versions = 2")
    live = shop.repository.layout.store / "live" / "one"
    live.mkdir(parents=True)
    (live / "about.json").write_text(shop.versions[2])
    shop.gc()
    assert shop.left() == [2, 5, 6]


LET_GO = "the files of demand@1 are gone: removed by gc on .*, rule retain.versions = [12]"


def test_no_decision_gives_a_stage_a_version_that_was_let_go(shop):
    full.decide(shop.repository, "promote", stages__demand__staging=shop.versions[6])
    shop.gc()
    with pytest.raises(Missing, match=LET_GO) as gone:
        full.decide(shop.repository, "promote", stages__demand__production=shop.versions[1])
    assert gone.value.hints[0] == "mlctl gc --restore"
    assert shop.repository.decisions.names().value("stages/demand/production") is None
    shop.gc(restore=True)
    full.decide(shop.repository, "promote", stages__demand__production=shop.versions[1])


def test_a_decision_renews_the_files_of_what_a_stage_will_hold(shop):
    path = shop.repository.layout.object(shop.version(2).artefacts[0].sha256)
    os.utime(path, (0, 0))
    staged(shop)
    assert path.stat().st_mtime > 0


def test_files_that_are_taken_just_before_a_decision_counts_come_back(shop, monkeypatch):
    claim = Files.claim

    def claimed(self, target, data, **more):
        if target.parent == shop.repository.layout.decisions and 2 in shop.left():
            shop.gc()  # as another process would, after the decision has looked
            assert 2 not in shop.left()
        return claim(self, target, data, **more)

    monkeypatch.setattr(Files, "claim", claimed)
    staged(shop)
    assert shop.left() == [2, 5, 6]


def test_gc_first_gives_back_what_is_held_now(shop):
    shop.gc()
    shop.gc(restore=True)
    staged(shop)
    paths = [shop.repository.layout.object(one.sha256) for one in shop.version(2).artefacts]
    for path in paths:  # a gc that was killed before it had looked again
        Trash(shop.repository.layout.store).take(path, datetime(2026, 11, 3, tzinfo=UTC))
    assert 2 not in shop.left()
    shop.gc()
    assert shop.left() == [2, 5, 6]


def test_a_recipe_whose_version_was_let_go_is_fitted_again(learner):
    learner.write("mlctl.toml", spec() + "\n[retain]\nversions = 1\n")
    first = train(learner.session(), TrainRequest()).data
    train(learner.session(), TrainRequest(set=("alpha=2",)))
    gone = gc(learner.session(), GcRequest(yes=True, older_than="0s")).data
    assert [one.label for one in gone.released] == ["demand@1"]
    again = train(learner.session(), TrainRequest()).data
    assert (again.changed, again.version, again.digest) == (True, 1, first.digest)  # by the very same bytes
    assert show(learner.session(), ShowRequest(selector="demand@1")).data.related["removed"] is None
    assert promote(learner.session(), PromoteRequest(model="demand@1")).data.changed
    assert not train(learner.session(), TrainRequest()).data.changed


def test_who_serves_or_compares_a_version_that_was_let_go_is_told(learner):
    learner.write("mlctl.toml", spec() + "\n[retain]\nversions = 1\n")
    train(learner.session(), TrainRequest())
    train(learner.session(), TrainRequest(set=("alpha=2",)))
    gc(learner.session(), GcRequest(yes=True, older_than="0s"))
    pointer = pointer_to(learner.session(), "demand@1")
    with pytest.raises(Missing, match=LET_GO):
        pointer.resolve()
    assert diff(learner.session(), DiffRequest(old="demand@1", new="demand@2")).data.apart is None


def test_a_folder_that_was_taken_whole_comes_back_whole(shop):
    store = shop.repository.layout.store
    run = store / "live" / "runs" / full.new_id(9)
    (run / "program" / "empty").mkdir(parents=True)
    (run / "program" / "points.jsonl").write_text("{}")
    (run / "program" / "data").symlink_to("empty")
    assert {one.what for one in shop.gc().collected} == {"broken-off runs", "retention"}
    assert not run.exists()
    shop.gc(restore=True)
    assert (run / "program" / "empty").is_dir()
    assert (run / "program" / "data").readlink() == Path("empty")
    assert (run / "program" / "points.jsonl").read_text() == "{}"
