"""Real `git push` between real repositories, with mlctl's hook: pointers go nowhere before their data."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mlctl.project.session import Session
from mlctl.transport.data_transfer import upload_data
from mlctl.workspace.dvc_files import pointer_path, read_pointer
from tests.e2e.hints import broken, hints_of
from tests.e2e.projects import PROGRAM, forked

REFUSED = 62


class Team:
    """A bare repository, a folder for data, and people's clones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder / "work"

    def begin(self) -> None:
        """The first commit, not pushed yet."""
        self.git(self.folder, "init", "--quiet", "--bare", "-b", "main", "shared.git")
        self.git(self.folder / "shared.git", "config", "receive.denyDeleteCurrent", "ignore")
        self.git(self.folder, "init", "--quiet", "-b", "main", "work")
        self.mlctl(self.work, "init", "--template", "bare")
        self.dvc_config(self.work, "store")
        self.git(self.work, "remote", "add", "origin", "../shared.git")
        self.commit("begin")
        self.mlctl(self.work, "hook", "install")

    def dvc_config(self, root: Path, store: str) -> None:
        """Data live in a folder beside the clones."""
        config = root / ".dvc/config"
        text = config.read_text(encoding="utf-8") if config.exists() else ""
        remote = f"[core]\n    remote = {store}\n['remote \"{store}\"']\n    url = ../../{store}\n"
        config.write_text(text + remote, encoding="utf-8")

    def environment(self, **more: str) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("MLCTL_", "GIT_", "DVC_"))
        }
        path = os.pathsep.join([str(PROGRAM.parent), os.environ["PATH"]])
        who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in ANN.items()}
        quiet = {"DVC_NO_ANALYTICS": "1", "GIT_CONFIG_GLOBAL": str(self.folder / "gitconfig")}
        return {**kept, "PATH": path, "HOME": str(self.folder), **who, **quiet, **more}

    def run(self, where: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=where,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def git(self, where: Path, *arguments: str) -> str:
        done = self.run(where, "git", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def mlctl(self, where: Path, *arguments: str) -> str:
        done = forked("mlctl", *arguments, cwd=where, env=self.environment())
        assert done.returncode == 0, done.stderr
        return done.stdout

    def dvc(self, where: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return forked("dvc", *arguments, cwd=where, env=self.environment())

    def add(self, path: str, data: bytes, message: str) -> None:
        """Version a file and commit its pointer."""
        file = self.work / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        self.mlctl(self.work, "data", "add", path)
        self.commit(message)

    def commit(self, message: str) -> None:
        self.git(self.work, "add", "--all")
        self.git(self.work, "commit", "--quiet", "--allow-empty", "-m", message)

    def send(self, *paths: str) -> None:
        """What sends data: those that the pointers name now."""
        pointers = [read_pointer(pointer_path(self.work / path)) for path in paths]
        upload_data(Session.open(self.work), [pointer.md5 for pointer in pointers])

    def push(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return self.run(self.work, "git", "push", *(arguments or ("origin", "main")), **more)

    def head(self, ref: str = "main") -> str | None:
        done = self.run(self.folder / "shared.git", "git", "rev-parse", "--verify", "--quiet", ref)
        return done.stdout.strip() or None


ANN = {"NAME": "Ann", "EMAIL": "ann@example.org"}


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    made = Team(tmp_path_factory.mktemp("team"))
    made.begin()
    return made.folder


@pytest.fixture
def team(begun, tmp_path):
    return Team(Path(shutil.copytree(begun, tmp_path / "team", symlinks=True)))


def accepted(done):
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""  # `git push --porcelain` is read by programs
    return done.stderr


def refused(done):
    assert done.returncode != 0
    assert "nothing was pushed" in done.stderr
    return done.stderr


def test_a_pointer_is_pushed_once_its_data_are_there_and_the_refusal_says_all_one_needs(team):
    accepted(team.push())
    team.add("data/a.bin", b"some bytes", "more data")
    said = refused(team.push())
    commit = team.git(team.work, "rev-parse", "--short=12", "HEAD")
    assert "data/a.bin.dvc (a@1, 10 bytes): added by Ann <ann@example.org>, 20" in said
    assert f"commit {commit} 'more data'" in said
    assert f"not on {team.folder / 'store'}" in said
    assert "try: dvc push\n" in said
    assert "try: git push --no-verify" in said
    assert broken(hints_of(said), team.work) == []
    assert team.head() == team.git(team.work, "rev-parse", "HEAD~1")
    team.send("data/a.bin")
    assert "the data of 1 pointer are on" in accepted(team.push())
    assert team.head() == team.git(team.work, "rev-parse", "HEAD")


def test_a_push_without_pointers_asks_no_remote_and_says_nothing(team):
    (team.work / ".dvc/config").write_text("[core]\nremote = nowhere\n", encoding="utf-8")
    team.commit("no data")
    assert "mlctl" not in accepted(team.push())


def test_a_folder_is_there_only_with_its_listing_and_each_version_of_a_pointer_counts(team):
    for name in ("x", "y"):
        (team.work / "images").mkdir(exist_ok=True)
        (team.work / f"images/{name}.bin").write_bytes(name.encode())
    team.mlctl(team.work, "data", "add", "images")
    team.commit("two images")
    first = read_pointer(team.work / "images.dvc").md5
    (team.work / "images/z.bin").write_bytes(b"z")
    team.mlctl(team.work, "data", "add", "images")
    team.commit("three images")
    team.send("images")
    said = refused(team.push())
    assert "images.dvc (images@1, 2 files, 2 bytes)" in said
    assert "'two images'" in said
    assert "'three images'" not in said
    assert "try: dvc push --all-commits\n" in said
    upload_data(Session.open(team.work), [first])
    accepted(team.push())
    listing = team.folder / f"store/files/md5/{first[:2]}/{first[2:]}"
    listing.unlink()
    team.git(team.work, "push", "--quiet", "origin", ":main")
    refused(team.push())


def test_a_file_that_arrived_in_part_is_not_there(team):
    team.add("a.bin", b"some bytes", "data")
    team.send("a.bin")
    (stored,) = [path for path in (team.folder / "store/files/md5").glob("??/*") if path.is_file()]
    stored.chmod(0o644)
    stored.write_bytes(b"some")
    refused(team.push())


def test_a_new_branch_is_looked_at_from_where_it_left_and_deletes_tags_and_forced_pushes_are_understood(team):
    team.add("old.bin", b"old", "old data")
    accepted(team.push("--no-verify", "origin", "main"))
    team.git(team.work, "switch", "--quiet", "-c", "side")
    team.commit("nothing but code")
    accepted(team.push("origin", "side"))  # main's pointer is not asked for again
    team.add("new.bin", b"new", "new data")
    team.git(team.work, "tag", "-a", "v1", "-m", "a tag")
    assert "new.bin.dvc" in refused(team.push("origin", "v1"))
    tree = team.git(team.work, "rev-parse", "HEAD^{tree}")
    team.git(team.work, "tag", "of-a-tree", tree)
    accepted(team.push("origin", "of-a-tree"))
    accepted(team.push("origin", ":side"))
    assert team.head("side") is None
    team.git(team.work, "switch", "--quiet", "main")
    team.git(team.work, "commit", "--quiet", "--amend", "-m", "old data, said better")
    assert "old.bin.dvc" in refused(team.push("--force", "origin", "main"))
    team.send("old.bin")
    accepted(team.push("--force", "origin", "main"))


def test_a_merge_brings_what_its_side_brings_even_where_the_merge_drops_it(team):
    accepted(team.push())
    team.git(team.work, "switch", "--quiet", "-c", "side")
    team.add("dropped.bin", b"dropped", "dropped data")
    team.git(team.work, "switch", "--quiet", "main")
    team.commit("meanwhile")
    team.git(team.work, "merge", "--quiet", "--strategy=ours", "side", "-m", "merge")
    assert "dropped.bin.dvc" in refused(team.push())


def test_where_the_remote_is_not_reached_or_there_is_none_nothing_is_pushed(team):
    team.add("a.bin", b"some bytes", "data")
    (team.folder / "store").write_text("no folder", encoding="utf-8")
    assert "try: git push --no-verify" in refused(team.push())
    (team.folder / "store").unlink()
    (team.work / ".dvc/config").write_text("[cache]\n    dir = ../.mlctl/cache\n", encoding="utf-8")
    said = refused(team.push())
    assert "there is no remote, so the data of a.bin.dvc" in said
    assert "mlctl remote add origin URL" in said
    accepted(team.push("--no-verify", "origin", "main"))


def test_the_hook_that_was_there_goes_first_with_the_same_refs_and_may_refuse(team):
    team.mlctl(team.work, "hook", "uninstall")
    hook = team.work / ".git/hooks/pre-push"
    assert not hook.exists()
    hook.write_text('#!/bin/sh\necho "$1" > seen\ncat >> seen\ntest ! -e stop\n', encoding="utf-8")
    hook.chmod(0o755)
    old = hook.read_bytes()
    assert "is called first" in team.mlctl(team.work, "hook", "install")
    assert "unchanged" in team.mlctl(team.work, "hook", "install")
    accepted(team.push())
    head = team.git(team.work, "rev-parse", "HEAD")
    assert (team.work / "seen").read_text() == f"origin\nrefs/heads/main {head} refs/heads/main {'0' * 40}\n"
    (team.work / "stop").touch()
    team.commit("x")
    assert team.push().returncode != 0
    team.mlctl(team.work, "hook", "uninstall")
    assert hook.read_bytes() == old
    assert [path.name for path in hook.parent.iterdir() if path.name.startswith("pre-push.before")] == []


def test_work_trees_and_submodules_and_moved_hooks_are_served(team):
    accepted(team.push())
    side = team.folder / "side"
    team.git(team.work, "worktree", "add", "--quiet", str(side), "-b", "side")
    team.run(side, sys.executable, "-c", "open('w.bin', 'w').write('w')")
    done = team.dvc(side, "add", "--quiet", "w.bin")
    assert done.returncode == 0, done.stderr
    team.git(side, "add", "--all")
    team.git(side, "commit", "--quiet", "-m", "w")
    pushed = team.run(side, "git", "push", "origin", "side")
    said = refused(pushed)
    assert "w.bin.dvc (1 bytes): added by Ann <ann@example.org>" in said  # no repository there: the commit's
    done = team.dvc(side, "push", "--quiet")
    assert done.returncode == 0, done.stderr
    accepted(team.run(side, "git", "push", "origin", "side"))
    outer = team.folder / "outer"
    team.git(team.folder, "init", "--quiet", "outer")
    allow = ("-c", "protocol.file.allow=always")
    team.git(outer, *allow, "submodule", "--quiet", "add", str(team.folder / "shared.git"), "sub")
    team.mlctl(outer / "sub", "hook", "install")
    assert (team.folder / "outer/.git/modules/sub/hooks/pre-push").is_file()
    team.git(team.work, "config", "core.hooksPath", "my-hooks")
    printed = json.loads(team.mlctl(team.work, "hook", "install", "--json"))
    assert printed["data"]["changed"]
    assert (team.work / "my-hooks/pre-push").is_file()


def test_without_mlctl_on_the_path_the_hook_says_so(team):
    found = team.run(team.folder, "sh", "-c", "command -v git dirname cat sh").stdout.split()
    (team.folder / "bin").mkdir()
    for program in found:
        (team.folder / "bin" / Path(program).name).symlink_to(program)
    done = team.push(PATH=str(team.folder / "bin"))
    assert done.returncode != 0
    assert "mlctl is not on PATH" in done.stderr


def test_the_real_dvcs_pointers_of_a_monorepo_are_checked_by_the_project_that_they_are_in(team):
    accepted(team.push())
    inner = team.work / "apps/one"
    inner.mkdir(parents=True)
    for command in (
        ("init", "--subdir", "--quiet"),
        ("remote", "add", "--quiet", "-d", "own", "../../../own"),
    ):
        done = team.dvc(inner, *command)
        assert done.returncode == 0, done.stderr
    (inner / "kept").mkdir()
    (inner / "kept/a").write_text("a", encoding="utf-8")
    (inner / "cached-only").write_text("b", encoding="utf-8")
    done = team.dvc(inner, "add", "--quiet", "kept", "cached-only")
    assert done.returncode == 0, done.stderr
    pointer = inner / "cached-only.dvc"
    pointer.write_text(pointer.read_text(encoding="utf-8") + "  push: false\n", encoding="utf-8")
    team.commit("an app of its own")
    said = refused(team.push())
    assert "apps/one/kept.dvc" in said
    assert "cached-only" not in said
    assert f"not on {team.folder / 'own'}" in said
    done = team.dvc(inner, "push", "--quiet")
    assert done.returncode == 0, done.stderr
    accepted(team.push())


def test_the_hook_loads_neither_typer_nor_the_stores_where_no_pointer_is_pushed(team):
    head = team.git(team.work, "rev-parse", "HEAD")
    code = (
        "import sys\nfrom mlctl.__main__ import main\n"
        "sys.argv = ['mlctl', 'hook', 'run', 'pre-push', 'origin', 'url']\ncode = main()\n"
        "print(*sorted(sys.modules), file=sys.stderr)\nsys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=team.work,
        input=f"refs/heads/main {head} refs/heads/main {'0' * 40}\n",
        env=team.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    names = set(done.stderr.split())
    assert done.returncode == 0
    assert done.stdout == ""
    assert "mlctl.verbs.hook_run" in names
    assert not names & {
        "typer",
        "rich",
        "git",
        "dvc",
        "ruamel.yaml",
        "mlctl.transport.pushed_data",
        "pyarrow",
    }


def test_both_ways_of_the_command_line_say_the_same(team):
    team.add("a.bin", b"some bytes", "data")
    head = team.git(team.work, "rev-parse", "HEAD")
    refs = f"refs/heads/main {head} refs/heads/main {'0' * 40}\n"
    quick, long = (
        subprocess.run(
            [str(PROGRAM), *arguments],
            cwd=team.work,
            input=refs,
            env=team.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        for arguments in (
            ("hook", "run", "pre-push", "origin", "x"),
            ("-C", ".", "hook", "run", "pre-push", "origin", "x"),
        )
    )
    assert quick.returncode == long.returncode == REFUSED
    assert (quick.stdout, quick.stderr) == (long.stdout, long.stderr)


def test_with_a_remote_of_mlctls_own_its_push_is_what_to_type_and_helps(team):
    (team.work / ".dvc/config").write_text("[cache]\n    dir = ../.mlctl/cache\n", encoding="utf-8")
    team.mlctl(team.work, "remote", "add", "origin", "../own")
    team.add("a.bin", b"first", "first")
    team.add("a.bin", b"second", "second")
    said = refused(team.push())
    assert "'first'" in said
    assert "'second'" in said
    assert "try: mlctl push\n" in said
    team.mlctl(team.work, "push")
    lost = next(
        path for path in (team.work.parent / "own").glob("files/md5/*/*") if path.read_bytes() == b"second"
    )
    lost.unlink()
    said = refused(team.push())
    assert "'first'" not in said
    assert "try: mlctl push --verify\n" in said
    team.mlctl(team.work, "push", "--verify")
    accepted(team.push())


def test_outputs_of_a_pipeline_are_data_too(team):
    accepted(team.push())
    (team.work / "dvc.yaml").write_text(
        "stages:\n  fit:\n    cmd: echo made > model.pkl; echo 1 > metrics.json\n    outs: [model.pkl]\n"
        "    metrics:\n    - metrics.json: {cache: false}\n",
        encoding="utf-8",
    )
    for command in (("repro", "--quiet"),):
        done = team.dvc(team.work, *command)
        assert done.returncode == 0, done.stderr
    team.commit("a pipeline")
    said = refused(team.push())
    assert "dvc.lock (model.pkl of stage fit, 5 bytes): added by Ann <ann@example.org>" in said
    assert "metrics.json" not in said
    assert "try: dvc push\n" in said
    done = team.dvc(team.work, "push", "--quiet")
    assert done.returncode == 0, done.stderr
    accepted(team.push())
