"""Git, on real repositories."""

import io
import json
import subprocess
import zipfile

import pytest

from mlctl.domain.errors import NotInstalled
from mlctl.workspace import git, git_tree


def run(root, *arguments):
    subprocess.run(
        ["git", "-C", str(root), "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *arguments],
        check=True,
        capture_output=True,
    )


@pytest.fixture
def root(tmp_path):
    """A repository with one commit."""
    made = tmp_path / "project"
    made.mkdir()
    git.create(made)
    (made / "train.py").write_text("print(1)\n")
    (made / ".gitignore").write_text("ignored/\n")
    run(made, "add", "-A")
    run(made, "commit", "-q", "-m", "one")
    return made


def unzipped(data):
    archive = zipfile.ZipFile(io.BytesIO(data))
    manifest = {entry["path"]: entry for entry in json.loads(archive.read("manifest.json"))}
    files = {
        name.removeprefix("files/"): archive.read(name)
        for name in archive.namelist()
        if name != "manifest.json"
    }
    return manifest, files


def test_a_clean_tree_is_its_commit(root):
    state, patch = git.code_state(root)
    head = subprocess.run(
        ["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    )
    assert state.commit == head.stdout.strip()
    assert not state.dirty
    assert state.branch in {"main", "master"}
    assert patch is None


def test_the_uncommitted_state_holds_what_differs(root):
    (root / "train.py").write_text("print(2)\n")
    (root / "new ü.py").write_text("new")
    (root / "ignored").mkdir()
    (root / "ignored/x").write_text("no")
    state, patch = git.code_state(root)
    manifest, files = unzipped(patch)
    assert state.dirty
    assert files == {"train.py": b"print(2)\n", "new ü.py": b"new"}
    assert {path: entry["state"] for path, entry in manifest.items()} == {
        "train.py": "modified",
        "new ü.py": "untracked",
    }


def test_a_deleted_file_is_listed(root):
    (root / "train.py").unlink()
    manifest, files = unzipped(git.code_state(root)[1])
    assert manifest["train.py"]["state"] == "deleted"
    assert files == {}


@pytest.mark.parametrize(
    "name",
    [
        ".env",
        "prod.env",
        "server.pem",
        "id_rsa",
        "secrets/x.txt",
        "my_credentials.json",
        "api-key.txt",
        ".netrc",
    ],
)
def test_secret_looking_names_are_listed_without_bytes_or_hash(root, name):
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text("hunter2")
    manifest, files = unzipped(git.code_state(root)[1])
    assert (manifest[name]["kept"], manifest[name]["why"], manifest[name]["sha256"]) == (
        False,
        "secret",
        None,
    )
    assert files == {}


def test_a_large_file_is_named_by_hash_only(root):
    (root / "big.bin").write_bytes(b"x" * (git.LARGE + 1))
    (root / "just.bin").write_bytes(b"x" * git.LARGE)
    manifest, files = unzipped(git.code_state(root)[1])
    assert manifest["big.bin"]["why"] == "large"
    assert len(manifest["big.bin"]["sha256"]) == 64
    assert set(files) == {"just.bin"}


def test_links_are_not_followed(root, tmp_path):
    (tmp_path / "outside").write_text("outside")
    (root / "link").symlink_to(tmp_path / "outside")
    manifest, files = unzipped(git.code_state(root)[1])
    assert manifest["link"]["why"] == "link"
    assert files == {}


def test_equal_states_give_equal_bytes(root):
    (root / "train.py").write_text("print(2)\n")
    first = git.code_state(root)[1]
    (root / "train.py").touch()
    assert git.code_state(root)[1] == first


def test_a_subfolder_of_a_monorepo_sees_its_own_changes(root):
    (root / "sub").mkdir()
    (root / "sub/model.py").write_text("x")
    (root / "train.py").write_text("changed outside")
    state, patch = git.code_state(root / "sub")
    _, files = unzipped(patch)
    assert state.commit is not None
    assert files == {"model.py": b"x"}
    assert git_tree.top(root / "sub") == root


def test_a_repository_without_commits_has_no_commit(tmp_path):
    git.create(tmp_path)
    (tmp_path / "x.py").write_text("x")
    state, patch = git.code_state(tmp_path)
    assert state.commit is None
    assert state.dirty
    assert unzipped(patch)[1] == {"x.py": b"x"}
    assert git.head(tmp_path)[0] is None


def test_a_detached_head_has_no_branch(root):
    run(root, "checkout", "-q", "--detach")
    commit, branch = git.head(root)
    assert commit is not None
    assert branch is None


def test_outside_git_there_is_no_commit(tmp_path):
    assert git.code_state(tmp_path) == (git.CodeState(commit=None, dirty=False), None)
    assert git_tree.top(tmp_path) is None
    assert not git_tree.is_tracked(tmp_path, "x")


def test_a_file_or_something_below_a_folder_is_tracked(root):
    assert git_tree.is_tracked(root, "train.py")
    assert git_tree.is_tracked(root, ".")
    assert not git_tree.is_tracked(root, "nothing.py")


def test_staged_files_are_in_the_index(root):
    (root / "x.dvc").write_text("x")
    git_tree.stage(root, ["x.dvc"])
    done = subprocess.run(
        ["git", "-C", str(root), "diff", "--cached", "--name-only"], capture_output=True, check=True
    )
    assert done.stdout == b"x.dvc\n"


def test_without_the_git_program_creating_says_so_and_looking_finds_nothing(root, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NotInstalled, match="git is not installed"):
        git.create(tmp_path / "other")
    assert git.code_state(root)[0].commit is None
    assert not git_tree.is_tracked(root, "train.py")
