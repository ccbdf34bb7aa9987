"""`.dvcignore`. That dvc agrees: tests/verbs/test_real_dvc.py."""

import subprocess

import pytest

from mlctl.domain.errors import UsageError
from mlctl.workspace.dvc_ignore import ignored_files
from mlctl.workspace.scan import walk


@pytest.fixture
def root(tmp_path):
    """A subfolder of a git repository with an `img` folder."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    made = tmp_path / "project"
    for name in ("img/a.txt", "img/a.tmp", "img/deep/b.tmp", "img/keep/c.tmp"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(name)
    return made


def test_without_patterns_nothing_is_ignored(root):
    assert ignored_files(root, "img") == frozenset()
    (root / ".dvcignore").write_text("# nothing\n\n/.mlctl\n")
    assert ignored_files(root, "img") == frozenset()


def test_patterns_are_git_s(root):
    (root / ".dvcignore").write_text("*.tmp\n!/img/keep/*.tmp\n")
    (root / ".gitignore").write_text("/img\n")
    assert ignored_files(root, "img") == {"img/a.tmp", "img/deep/b.tmp"}


def test_git_s_own_ignore_lines_do_not_count(root):
    (root / ".dvcignore").write_text("/other\n")
    (root / ".gitignore").write_text("*.tmp\n")
    assert ignored_files(root, "img") == frozenset()


@pytest.mark.parametrize("folder", ["img", "img/deep"])
def test_a_dvcignore_inside_the_folder_is_refused_as_dvc_does(root, folder):
    (root / folder / ".dvcignore").write_text("*.tmp\n")
    with pytest.raises(UsageError, match=rf"{folder}/\.dvcignore"):
        list(walk(root, "img", ignored_files(root, "img")))
