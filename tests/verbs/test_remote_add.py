"""`remote add`: the probe, the settings, and the four ways in which two logs can stand to each other."""

import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from mlctl.builtin.remotes.folder import FolderStore
from mlctl.domain.errors import AlreadyExists, NotFound, Unreachable, UsageError
from mlctl.domain.requests.push import PushRequest
from mlctl.domain.requests.remote_add import RemoteAddRequest
from mlctl.store.repository import Repository
from mlctl.verbs.push import push
from mlctl.verbs.remote_add import remote_add
from mlctl.workspace.dvc_remotes import read_dvc_remotes
from tests.store import full
from tests.verbs.teams import Member, team
from tests.web_server import web_server

assert team  # a fixture


def added(member, url, **more):
    return remote_add(member.session(), RemoteAddRequest(name="origin", url=str(url), **more)).data


def served(folder: Path) -> dict[str, bytes]:
    """The files of a folder as a web server would hand them out."""
    return {f"/{path.relative_to(folder)}": path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_settings_name_it_for_mlctl_and_for_dvc(team):
    done = added(team.first, "../remote")
    assert (done.default, done.log, done.writable, done.dvc, done.changed) == (True,) * 5
    config = tomllib.loads(team.first.repository.layout.config.read_text())
    assert config["remotes"] == {"origin": {"url": "../remote", "default": True}}
    remotes, default, _ = read_dvc_remotes(team.first.root)
    assert (default, remotes["origin"].url) == ("origin", str(team.remote))
    assert added(team.first, "../remote").changed is False
    with pytest.raises(AlreadyExists):
        added(team.first, "../elsewhere")


def test_credentials_stay_private(team):
    added(team.first, team.remote)
    with web_server() as web:
        request = RemoteAddRequest(name="web", url=web.url, options=("password=hush", "user=ann"))
        remote_add(team.first.session(), request)
        remote_add(team.first.session(), RemoteAddRequest(name="web", url=web.url))  # again: it keeps them
    config = team.first.repository.layout.config
    assert "hush" not in config.read_text()
    assert "ann" in config.read_text()
    assert "hush" in config.with_name("config.local.toml").read_text()
    with pytest.raises(UsageError, match="password"):
        remote_add(team.first.session(), RemoteAddRequest(name="s", url="ssh://u:hush@host/x"))


@pytest.mark.parametrize(
    ("url", "option", "told"),
    [
        ("s3://bucket/x", "endpoint_url=http://127.0.0.1:9", "did you mean 'endpointurl'?"),
        ("ssh://host/x", "keyfiel=~/.ssh/id", "did you mean 'keyfile'?"),
        ("http://host/x", "foo=bar", "there are: ask_password, auth,"),
        ("../remote", "regoin=eu", "a remote at .* has no option 'regoin'; there are: checksum_jobs,"),
        ("gs://bucket/x", "credential_path=key.json", "did you mean 'credentialpath'?"),
        ("azure://box/x", "region=eu", "there are: account_key,"),
    ],
)
def test_an_option_that_the_kind_of_remote_does_not_have_is_refused(team, url, option, told):
    before = team.first.repository.layout.config.read_bytes()
    with pytest.raises(UsageError, match=told):
        added(team.first, url, options=(option,))
    assert team.first.repository.layout.config.read_bytes() == before
    assert not team.remote.exists()


def test_a_folder_is_made_and_one_without_a_parent_is_refused(team):
    nowhere = team.remote.parent / "nowhere"
    with pytest.raises(NotFound, match=f"{nowhere} does not exist, so shelf cannot be made in it") as refused:
        added(team.first, nowhere / "shelf")
    assert not nowhere.exists()
    assert refused.value.hints == (f"mkdir -p {nowhere}",)
    subprocess.run(shlex.split(refused.value.hints[0]), check=True)
    assert added(team.first, f"file://{nowhere}/shelf").changed
    assert (nowhere / "shelf").is_dir()


def test_a_store_that_lets_the_second_writer_in_is_not_used_for_the_log(team, monkeypatch):
    monkeypatch.setattr(FolderStore, "create", lambda self, key, data: self.put(key, data) or True)
    done = added(team.first, team.remote)
    assert done.log is False
    with pytest.raises(UsageError, match="can't hold the log"):
        push(team.first.session(), PushRequest())
    assert team.first.repository.decisions.pending.joined() is None


def test_a_web_server_that_holds_nothing_yet_is_used_for_data_until_it_is_added_again(team):
    with web_server() as web:
        url = web.url
        request = RemoteAddRequest(name="web", url=url)
        done = remote_add(team.first.session(), request)
        assert (done.data.default, done.data.log, done.data.writable) == (True, False, False)
        assert f"{url} holds no log" in done.warnings[0]
        with pytest.raises(UsageError, match="can't hold the log") as refused:
            team.first.pull()
        assert refused.value.hints == (f"mlctl remote add web {url}",)
        second = Member(Path(shutil.copytree(team.first.root, team.folder / "second")))
        remote_add(second.session(), RemoteAddRequest(name="origin", url=str(team.remote), default=True))
        second.push()
        web.files = served(team.remote)
        again = remote_add(team.first.session(), request).data
        assert again.log is True
        assert team.first.pull().fetched.decisions == 0
        second.promote(team.one)
        second.push()
        web.files = served(team.remote)
        assert team.first.pull().fetched.decisions == 1


def test_a_log_that_goes_on_from_ours_is_taken_over(team):
    first, second = team.shared(), team.clone("second")
    second.repository.decisions.pending.leave()
    first.promote(team.one)
    first.push()
    done = added(second, team.remote)
    assert (done.decisions, done.parted) == (1, 0)
    assert second.stage() == team.one


def test_logs_that_have_parted_come_together_and_nothing_is_lost(team):
    """Two clones of one git repository, each with a log of its own."""
    first = team.shared()
    other = full.session(team.folder / "other")
    second = Member(other.root)
    config = second.repository.layout.config
    config.write_text(f'id = "{first.repository.id}"\n')
    (second.repository.layout.decision(1)).unlink()
    second.repository.layout.format.unlink()
    second = Member(Repository.create(second.root, actor=full.ACTOR, command="init", now=lambda: full.T).root)
    dataset = full.add_dataset(second.repository, 7)
    ours = second.model(9, dataset)
    second.promote(ours)
    done = added(second, team.remote)
    assert (done.decisions, done.parted) == (3, 3)
    assert second.stage() == ours
    assert second.versions() == {1: team.one, 9: ours}
    assert second.push().waiting == ()
    first.pull()
    assert first.stage() == ours
    assert first.problems() == second.problems() == ()


def test_another_projects_log_is_refused_unless_it_is_adopted(team):
    first = team.shared()
    second = Member(full.session(team.folder / "other").root)
    full.add_labels(second.repository)
    with pytest.raises(UsageError, match="Two projects do not share a log"):
        added(second, team.remote)
    assert "remotes" not in second.repository.layout.config.read_text()
    done = added(second, team.remote, adopt=True)
    assert (done.decisions, done.parted) == (3, 1)
    assert second.repository.id == first.repository.id
    assert second.problems() == ()
    assert second.push().waiting == ()


def test_an_adopted_logs_id_is_known_where_config_does_not_say_it_yet_and_the_next_fetch_writes_it(team):
    first = team.shared()
    second = Member(full.session(team.folder / "other").root)
    config = second.repository.layout.config
    own = second.repository.id
    assert added(second, team.remote, adopt=True).parted == 0
    assert second.repository.id == first.repository.id
    config.write_text(config.read_text().replace(first.repository.id, own))  # killed before, or an old commit
    assert second.repository.id == own
    assert second.problems() == ()
    second.pull()
    assert second.repository.id == first.repository.id
    config.write_text(config.read_text().replace(first.repository.id, "0" * 31 + "1"))
    joined = second.repository.layout.joined
    joined.write_bytes(first.repository.layout.joined.read_bytes())
    assert [Path(problem.path).name for problem in second.problems()] == ["config.toml"]


def test_a_dry_run_changes_nothing(team):
    before = team.first.repository.layout.config.read_bytes()
    assert added(team.first, team.remote, dry_run=True).dry_run is True
    assert team.first.repository.layout.config.read_bytes() == before
    assert not team.remote.exists()


def test_what_waits_for_a_remote_that_is_gone_for_good_goes_to_another_place(team):
    first, second = team.shared(), team.clone("second")
    shutil.rmtree(team.remote)
    first.model(2, team.dataset)
    with pytest.raises(Unreachable, match="add it again"):
        first.push()
    done = remote_add(first.session(), RemoteAddRequest(name="new", url="../new", default=True)).data
    assert (done.default, done.dvc, done.data) == (True, True, None)
    pushed = first.push()
    assert (pushed.uploaded, [one.decision for one in pushed.published]) == (3, [4])
    assert len(list((team.folder / "new" / "files" / "md5").rglob("*"))) > 0
    for part in (".mlctl/config.toml", ".dvc/config"):
        shutil.copy(first.root / part, second.root / part)
    assert second.pull().fetched.decisions == 1
    assert second.versions() == first.versions()


def test_a_remote_that_was_emptied_is_filled_where_it_is_added_again(team):
    first = team.shared()
    shutil.rmtree(team.remote)
    team.remote.mkdir()
    with pytest.raises(Unreachable, match="not mounted"):
        first.pull()
    assert added(first, "../remote").changed is False
    assert first.push().uploaded == 3
