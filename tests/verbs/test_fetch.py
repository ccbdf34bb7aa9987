"""`fetch`: what comes, what is renumbered by it, and what a hostile remote can't do."""

import hashlib
import json
import shutil

import pytest

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import (
    Corrupt,
    FormatTooNew,
    Incomplete,
    Missing,
    NoRepository,
    Untrusted,
    UsageError,
)
from mlctl.domain.progress import silent
from mlctl.domain.requests.fetch import FetchRequest
from mlctl.domain.requests.fsck import FsckRequest
from mlctl.store.checkpoint import EVERY
from mlctl.store.references import references
from mlctl.store.sealed_line import seal
from mlctl.verbs.fetch import fetch
from mlctl.verbs.fsck import fsck
from tests.store import full
from tests.verbs.teams import team

assert team  # a fixture


def fetched(member, **more):
    return fetch(FetchRequest(folder=str(member.root), **more), report=silent, command="mlctl fetch").data


def test_decisions_and_their_facts_come_and_data_do_not(team):
    first, second = team.shared(), team.clone("second")
    dataset = full.add_dataset(first.repository, 2)
    two = first.model(2, dataset)
    first.push()
    done = fetched(second)
    assert (done.decisions, done.waiting, done.changed) == (2, (), True)
    assert second.versions()[2] == two
    assert not (second.repository.layout.cache / "files").exists()
    assert second.problems() == ()
    assert fetched(second).changed is False


def test_what_waits_is_renumbered_and_told(team):
    first, second = team.shared(), team.clone("second")
    first.model(2, team.dataset)
    first.push()
    ours = second.model(2, full.add_dataset(second.repository, 2))
    done = fetched(second)
    assert done.renumbered == ("demand@2 → demand@3",)
    assert second.versions()[3] == ours


def test_runs_and_evaluations_that_no_decision_names_come_too(team):
    first, second = team.shared(), team.clone("second")
    evaluation = full.add_evaluation(first.repository, team.one, team.dataset)
    first.promote(team.one)
    first.push()
    fetched(second)
    assert second.repository.layout.fact("evaluations", evaluation).exists()


@pytest.mark.parametrize("folder", ["objects", "facts", "decisions"])
def test_a_folder_of_the_store_that_is_gone_comes_again(team, folder):
    team.shared()
    second = team.clone("second")
    store = second.repository.layout.store
    before = {path.relative_to(store) for path in (store / folder).rglob("*")}
    shutil.rmtree(store / folder)
    assert fetched(second).changed
    assert {path.relative_to(store) for path in (store / folder).rglob("*")} == before
    assert second.problems() == ()
    assert fetched(second).changed is False


def test_an_object_that_todays_names_need_comes_again(team):
    team.shared()
    second = team.clone("second")
    version = second.repository.facts.get(DatasetVersion, team.dataset)
    lost = second.repository.layout.object(references(version).objects[0])
    lost.unlink()
    assert fetched(second).objects == 1
    assert lost.exists()


def test_an_older_versions_lost_object_is_brought_by_what_fsck_names(team):
    first = team.shared()
    full.add_dataset(first.repository, 2)
    first.push()
    second = team.clone("second")
    old = second.repository.facts.get(DatasetVersion, team.dataset)
    lost = second.repository.layout.object(references(old).objects[0])
    lost.unlink()
    assert fetched(second).changed is False  # an older version's: nothing of today needs it
    with pytest.raises(Missing) as found:
        fsck(second.session(), FsckRequest())
    assert found.value.hints == ("mlctl fsck --repair", "mlctl fetch --all")
    assert fetched(second, everything=True).objects == 1
    assert lost.exists()
    assert second.problems() == ()


def test_what_the_remote_has_lost_too_holds_nothing_else_up(team):
    first = team.shared()
    full.add_dataset(first.repository, 2)
    first.push()
    second = team.clone("second")
    version = second.repository.facts.get(DatasetVersion, team.dataset)
    gone = second.repository.layout.object(references(version).objects[0])
    objects = set(second.repository.layout.objects.rglob("?" * 64))
    next(team.remote.rglob(gone.name)).unlink()
    shutil.rmtree(second.repository.layout.objects)
    assert fetched(second).objects == len(objects) - 1
    assert {path for path in objects if not path.exists()} == {gone}


def test_a_log_that_lost_all_comes_again_although_a_checkpoint_stands(team):
    for _ in range(EVERY // 2):
        team.first.promote(team.one)
        team.first.promote(None)
    first = team.shared()
    names, layout = first.repository.decisions.names(), first.repository.layout
    assert layout.checkpoint(EVERY).exists()
    shutil.rmtree(layout.decisions)
    with pytest.raises(Missing) as found:
        first.repository.decisions.names()
    assert found.value.hints == ("mlctl pull",)
    assert first.pull().fetched.decisions == names.head
    assert first.repository.decisions.names() == names


def test_a_folder_without_anything_is_no_repository(tmp_path):
    with pytest.raises(NoRepository):
        fetch(FetchRequest(folder=str(tmp_path)), report=silent, command="")


def test_the_remote_of_another_project_is_refused(team):
    first, second = team.shared(), team.clone("second")
    config = second.repository.layout.config
    config.write_text(config.read_text().replace(first.repository.id, "0" * 32))
    second.repository.layout.joined.unlink()
    with pytest.raises(UsageError, match="Two projects do not share a log"):
        fetched(second)


def rewritten(path, change):
    """An entry resealed after a change to its body."""
    body = json.loads(path.read_bytes().split(b"\n")[0])
    change(body)
    path.chmod(0o644)
    path.write_bytes(seal(json.dumps(body, sort_keys=True, separators=(",", ":")).encode() + b"\n"))


def flipped(path):
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-2] + b"xx")


def evil(team, what):
    decisions = team.remote / "mlctl" / "decisions"
    newest = max(decisions.iterdir())
    fact = next((team.remote / "mlctl" / "facts" / "models").iterdir())
    acts = {
        "a flipped byte": lambda: flipped(newest),
        "another parent": lambda: rewritten(newest, lambda body: body.update(parent="0" * 64)),
        "another number": lambda: rewritten(newest, lambda body: body.update(number=9)),
        "a date before its parent's": lambda: rewritten(
            newest, lambda body: body.update(committed_at="1999")
        ),
        "an old value that was not": lambda: rewritten(
            newest, lambda body: body["changes"][0].update(old="1" * 64)
        ),
        "a path for a name": lambda: rewritten(
            newest, lambda body: body["changes"][0].update(name="models/../../etc/1")
        ),
        "a path for a digest": lambda: rewritten(
            newest, lambda body: body["changes"][0].update(new="../../../etc/passwd")
        ),
        "a newer format": lambda: rewritten(newest, lambda body: body.update(format=2)),
        "a fact with other bytes": lambda: flipped(fact),
        "a fact that is not there": fact.unlink,
        "an object with other bytes": lambda: [
            flipped(path) for path in (team.remote / "mlctl" / "objects").rglob("*") if path.is_file()
        ],
    }
    acts[what]()


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("a flipped byte", Corrupt),
        ("another parent", Corrupt),
        ("another number", Corrupt),
        ("a date before its parent's", Corrupt),
        ("an old value that was not", Corrupt),
        ("a path for a name", Untrusted),
        ("a path for a digest", Untrusted),
        ("a newer format", FormatTooNew),
        ("a fact with other bytes", Corrupt),
        ("a fact that is not there", Incomplete),
        ("an object with other bytes", Corrupt),
    ],
)
def test_a_hostile_remote_changes_nothing_here(team, what, error):
    first = team.shared()
    root = team.folder / "victim"
    (root / ".mlctl").mkdir(parents=True)
    (root / ".mlctl" / "config.toml").write_bytes(first.repository.layout.config.read_bytes())
    evil(team, what)
    with pytest.raises(error):
        fetch(FetchRequest(folder=str(root)), report=silent, command="")
    victim = type(first)(root)
    assert victim.repository.decisions.names().head == 1
    assert victim.versions() == {}
    assert not list(victim.repository.layout.facts.rglob("*.json"))
    assert victim.problems() == ()


def test_a_fact_that_names_a_path_outside_is_not_taken(team):
    first = team.shared()
    fact = next((team.remote / "mlctl" / "facts" / "datasets").iterdir())
    data = fact.read_bytes().replace(b'"path":"data/hour.csv"', b'"path":"../../etc/cron"')
    digest = hashlib.sha256(data).hexdigest()
    fact.with_name(f"{digest}.json").write_bytes(data)
    newest = sorted((team.remote / "mlctl" / "decisions").iterdir())
    old = fact.name.removesuffix(".json")
    for path in newest[1:]:
        rewritten(path, lambda body: body.update(json.loads(json.dumps(body).replace(old, digest))))
        if path != newest[1]:
            path.unlink()
    root = team.folder / "victim"
    (root / ".mlctl").mkdir(parents=True)
    (root / ".mlctl" / "config.toml").write_bytes(first.repository.layout.config.read_bytes())
    with pytest.raises(Untrusted, match="cron"):
        fetch(FetchRequest(folder=str(root)), report=silent, command="")
