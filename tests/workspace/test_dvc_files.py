"""DVC's files in the work tree. What the real dvc thinks of them: tests/workspace/test_real_dvc.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from mlctl.domain.errors import Corrupt, UsageError
from mlctl.workspace.dvc_files import (
    Pointer,
    ignore_in_git,
    pointer_path,
    pointer_text,
    read_pointer,
    read_settings,
    write_pointer,
)

MD5 = "d50bd5a6f55131e72a7bedc334e2fce1"


def test_a_pointer_to_a_file_is_what_dvc_add_writes():
    text = pointer_text(Pointer(path="x.csv", md5=MD5, size=4))
    assert text == f"outs:\n- md5: {MD5}\n  size: 4\n  hash: md5\n  path: x.csv\n"


def test_a_pointer_to_a_folder_counts_its_files():
    text = pointer_text(Pointer(path="img", md5=f"{MD5}.dir", size=6, nfiles=2))
    assert text == f"outs:\n- md5: {MD5}.dir\n  size: 6\n  nfiles: 2\n  hash: md5\n  path: img\n"


@given(
    st.text(
        st.characters(blacklist_categories=("Cs",), blacklist_characters="\n\r\0/"),
        min_size=1,
        max_size=120,
    )
)
def test_any_name_reads_back_equal_by_us_and_by_dvc_s_yaml_library(tmp_path_factory, name):
    file = tmp_path_factory.mktemp("pointers") / "pointer.dvc"
    pointer = Pointer(path=name, md5=MD5, size=1)
    write_pointer(file, pointer)
    assert read_pointer(file) == pointer
    assert YAML(typ="safe").load(file.read_text(encoding="utf-8"))["outs"][0]["path"] == name


@pytest.mark.parametrize(
    "name", ["null", "true", "No", "12", "1e3", "~", "- a", "a: b", "a #b", "'q'", " lead"]
)
def test_names_that_yaml_would_read_as_something_else_are_quoted(tmp_path, name):
    file = tmp_path / "p.dvc"
    write_pointer(file, Pointer(path=name, md5=MD5, size=1))
    assert YAML(typ="safe").load(file.read_text())["outs"][0]["path"] == name


def test_dvc_s_own_quoting_is_read(tmp_path):
    file = tmp_path / "p.dvc"
    file.write_text(f'outs:\n- md5: {MD5}\n  size: 2\n  hash: md5\n  path: "-a #b: \'c.txt"\n')
    assert read_pointer(file).path == "-a #b: 'c.txt"
    file.write_text(f"outs:\n- md5: {MD5}\n  size: 2\n  hash: md5\n  path: 'it''s: x'\n")
    assert read_pointer(file).path == "it's: x"


def test_what_others_wrote_into_a_pointer_stays(tmp_path):
    file = tmp_path / "x.csv.dvc"
    file.write_text(
        f"# of Ada\nouts:\n- md5: {MD5}\n  size: 4\n  hash: md5\n  path: x.csv\n"
        "  desc: the rides\n  remote: far\n"
        "meta:\n  team: rides\n"
    )
    assert write_pointer(file, Pointer(path="x.csv", md5="0" * 32, size=5))
    assert YAML(typ="safe").load(file.read_text()) == {
        "outs": [
            {"md5": "0" * 32, "size": 5, "hash": "md5", "path": "x.csv", "desc": "the rides", "remote": "far"}
        ],
        "meta": {"team": "rides"},
    }
    assert file.read_text().startswith("# of Ada\n")


@pytest.mark.parametrize("md5", ["0" * 32, "1" * 20 + "e" + "1" * 11])
def test_an_md5_that_looks_like_a_number_is_quoted(tmp_path, md5):
    file = tmp_path / "x.csv.dvc"
    write_pointer(file, Pointer(path="x.csv", md5=md5, size=4))
    assert YAML(typ="safe").load(file.read_text())["outs"][0]["md5"] == md5
    assert read_pointer(file).md5 == md5


def test_writing_the_same_pointer_again_changes_nothing(tmp_path):
    file = tmp_path / "x.csv.dvc"
    pointer = Pointer(path="x.csv", md5=MD5, size=4)
    assert write_pointer(file, pointer)
    before = file.stat().st_mtime_ns
    assert not write_pointer(file, pointer)
    assert file.stat().st_mtime_ns == before


def test_a_missing_pointer_is_none_and_a_broken_one_is_named(tmp_path):
    assert read_pointer(tmp_path / "x.dvc") is None
    for content in (b"", b"outs:\n", b"\xff\xfe", b"outs:\n- md5: x\n  size: many\n  path: a\n", b"{}"):
        (tmp_path / "x.dvc").write_bytes(content)
        with pytest.raises(Corrupt, match=r"x\.dvc is not a DVC pointer"):
            read_pointer(tmp_path / "x.dvc")


def test_the_ignore_line_is_added_once_beside_the_data(tmp_path):
    (tmp_path / ".gitignore").write_text("old")
    assert ignore_in_git(tmp_path / "a [1].csv") == tmp_path / ".gitignore"
    assert ignore_in_git(tmp_path / "a [1].csv") is None
    assert (tmp_path / ".gitignore").read_text() == "old\n/a \\[1\\].csv\n"


def test_the_nearest_setting_wins_and_the_cache_is_relative_to_its_file(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    (tmp_path / "home/dvc").mkdir(parents=True)
    (tmp_path / "home/dvc/config").write_text("[core]\n    autostage = true\n[cache]\n    dir = /far\n")
    (tmp_path / "p/.dvc").mkdir(parents=True)
    assert read_settings(tmp_path / "p").cache.as_posix() == "/far"
    (tmp_path / "p/.dvc/config").write_text(
        "# ours\n[core]\n    remote = store\n[cache]\n    dir = ../.mlctl/cache\n"
        "['remote \"store\"']\n    url = s3://x\n"
    )
    found = read_settings(tmp_path / "p")
    assert (found.cache, found.autostage, found.remote) == (tmp_path / "p/.mlctl/cache", True, "store")
    (tmp_path / "p/.dvc/config.local").write_text("[core]\n    autostage = false\n")
    assert not read_settings(tmp_path / "p").autostage


def test_without_settings_the_cache_is_dvc_s_default(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    assert read_settings(tmp_path).cache == tmp_path / ".dvc/cache"


def test_a_broken_configuration_is_told_with_its_line(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text("[core]\nwhat is this\n")
    with pytest.raises(UsageError, match="line 2"):
        read_settings(tmp_path)


def test_the_pointer_lies_beside_the_data(tmp_path):
    assert pointer_path(tmp_path / "data/hour.csv") == tmp_path / "data/hour.csv.dvc"


def test_a_pointer_in_a_merge_tells_how_a_side_is_taken(tmp_path):
    path = tmp_path / "img.dvc"
    path.write_text("outs:\n<<<<<<< HEAD\n- md5: a\n=======\n- md5: b\n>>>>>>> other\n")
    with pytest.raises(Corrupt, match="both sides of a merge") as caught:
        read_pointer(path)
    assert [hint.split()[:3] for hint in caught.value.hints] == [
        ["git", "checkout", "--ours"],
        ["git", "checkout", "--theirs"],
    ]
