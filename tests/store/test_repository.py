"""Making, finding and opening a repository."""

import subprocess
import sys

import pytest

from mlctl.domain.errors import AlreadyExists, Corrupt, FormatTooNew, NoRepository
from mlctl.domain.records import encode
from mlctl.store.repository import Repository
from mlctl.store.sealed_line import seal
from tests.store.full import ACTOR, T


def create(root):
    return Repository.create(root, actor=ACTOR, command="mlctl init", now=lambda: T)


def test_a_repository_is_found_from_any_folder_inside_it(repository):
    inside = repository.root / "a" / "b"
    inside.mkdir(parents=True)
    assert Repository.find(inside).root == repository.root
    assert Repository.find(inside).id == repository.id


def test_where_there_is_none_the_hint_says_how_to_make_one(tmp_path):
    with pytest.raises(NoRepository) as caught:
        Repository.find(tmp_path)
    assert caught.value.hints == ("mlctl init",)


def test_the_first_decision_says_to_which_repository_the_log_belongs(repository):
    entry = repository.decisions.get(1).entry
    assert (entry.kind, entry.changes[0].name, entry.changes[0].new) == ("init", "repository", repository.id)


def test_making_it_twice_is_refused_and_changes_nothing(repository):
    with pytest.raises(AlreadyExists):
        create(repository.root)
    assert Repository.find(repository.root).decisions.names().head == 1


def test_a_clone_of_the_project_keeps_the_id_that_git_brought(repository, tmp_path):
    clone = tmp_path / "clone"
    (clone / ".mlctl").mkdir(parents=True)
    (clone / ".mlctl" / "config.toml").write_bytes(repository.layout.config.read_bytes())
    with pytest.raises(NoRepository) as alone:
        Repository.find(clone)
    assert alone.value.hints == ("mlctl init",)
    with (clone / ".mlctl" / "config.toml").open("a") as config:
        config.write('\n[remotes.origin]\nurl = "/mnt/share/bikes"\ndefault = true\n')
    with pytest.raises(NoRepository, match="have not been brought") as following:
        Repository.find(clone)
    assert following.value.hints == ("mlctl pull", "mlctl fetch")
    assert create(clone).id == repository.id


def test_a_newer_format_is_told_apart_from_damage(repository):
    path = repository.layout.format
    path.chmod(0o644)
    path.write_bytes(seal(encode({"format": 2})))
    with pytest.raises(FormatTooNew):
        Repository.find(repository.root)
    path.write_bytes(b'{"format":2}\n')
    with pytest.raises(Corrupt):
        Repository.find(repository.root)


@pytest.mark.parametrize("text", ["", "id = 3", "id = ", "other = 'x'", "\udcff"])
def test_a_configuration_without_an_id_is_named(repository, text):
    repository.layout.config.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(Corrupt, match=r"config\.toml"):
        Repository.find(repository.root)


def test_opening_a_repository_and_reading_its_names_needs_no_tables(repository):
    script = (
        "import sys; from pathlib import Path; from mlctl.store.repository import Repository\n"
        "repository = Repository.find(Path(sys.argv[1])); repository.decisions.names()\n"
        "repository.predictions.journal('demand', 'sync').close()\n"
        "print(sorted({'pyarrow', 'numpy', 'sklearn', 'git', 'dvc'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(repository.root)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_many_processes_that_make_it_at_once_make_one(tmp_path):
    script = (
        "import sys; from pathlib import Path; from mlctl.store.repository import Repository\n"
        "from mlctl.domain.decision import Actor; from mlctl.domain.errors import AlreadyExists\n"
        "sys.stdin.readline()\n"
        "actor, now = Actor(user='u', host='h', via='ci'), lambda: '2026-11-01T00:00:00.000Z'\n"
        "try: made = Repository.create(Path(sys.argv[1]), actor=actor, command='', now=now)\n"
        "except AlreadyExists: made = Repository.find(Path(sys.argv[1]))\n"
        "print(made.id)\n"
    )
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    ids = {maker.communicate("go\n", timeout=60)[0] for maker in makers}
    assert len(ids) == 1
    assert Repository.find(tmp_path).decisions.names().head == 1
