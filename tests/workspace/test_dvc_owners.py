"""Who says what a path holds: a pointer beside it, a `.dvc` file with several outs, or a stage's lock."""

import os
import subprocess

import pytest

from mlctl.domain.errors import Corrupt, UsageError
from mlctl.workspace.dvc_files import Pointer, pointer_text
from mlctl.workspace.dvc_owners import foreign_owner, owner_of, pointer_at, tracked_in

A, B = "a" * 32, "b" * 32
PIPELINE = """\
stages:
  plain:
    cmd: x
    outs: [out/p.bin]
  deep:
    cmd: x
    wdir: sub
    outs:
    - d
    - n.txt:
        cache: false
  each@1:
    cmd: x
"""
LOCK = f"""\
schema: '2.0'
stages:
  plain:
    cmd: x
    outs:
    - {{path: out/p.bin, hash: md5, md5: {A}, size: 3}}
  deep:
    cmd: x
    outs:
    - {{path: d, hash: md5, md5: {B}.dir, size: 9, nfiles: 2}}
    - {{path: n.txt, hash: md5, md5: {A}, size: 1}}
"""


def write(root, path, text):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_a_pointer_beside_the_data_is_ours(tmp_path):
    pointer = Pointer(path="x.bin", md5=A, size=1)
    write(tmp_path, "data/x.bin.dvc", pointer_text(pointer))
    found = owner_of(tmp_path, "data/x.bin")
    assert (found.path, found.file, found.foreign, found.pointer) == (
        "data/x.bin",
        "data/x.bin.dvc",
        False,
        pointer,
    )
    assert foreign_owner(tmp_path, "data/x.bin") is None
    assert owner_of(tmp_path, "data/y.bin") is None


def test_outs_of_stages_are_their_stage_s(tmp_path):
    write(tmp_path, "pipe/dvc.yaml", PIPELINE)
    write(tmp_path, "pipe/dvc.lock", LOCK)
    plain, deep = owner_of(tmp_path, "pipe/out/p.bin"), owner_of(tmp_path, "pipe/sub/d")
    assert (plain.stage, plain.file, plain.foreign) == ("plain", "pipe/dvc.lock", True)
    assert deep.pointer == Pointer(path="d", md5=f"{B}.dir", size=9, nfiles=2)
    assert owner_of(tmp_path, "pipe/sub/n.txt") is None  # git's
    assert deep.refusal("so what").hints == ("dvc commit deep",)


def test_outs_of_one_file_with_a_wdir(tmp_path):
    text = f"wdir: ../out\nouts:\n- {{path: x, hash: md5, md5: {A}}}\n- {{path: y, hash: md5, md5: {B}}}\n"
    write(tmp_path, "data/all.dvc", text)
    assert owner_of(tmp_path, "out/x").file == "data/all.dvc"
    assert foreign_owner(tmp_path, "out/y").pointer.md5 == B
    assert owner_of(tmp_path, "out/z") is None
    write(tmp_path, "all.dvc", text.replace("../out", "out"))
    assert pointer_at(tmp_path, "out/x").md5 == A
    assert foreign_owner(tmp_path, "out/y").file == "all.dvc"
    found, wrong = tracked_in(tmp_path)
    assert [one.path for one in found] == ["out/x", "out/x", "out/y", "out/y"]
    assert wrong == []


def test_in_a_large_project_git_is_asked_where_pointers_are(tmp_path):
    write(tmp_path, "pipes/all.dvc", f"wdir: ../out\nouts:\n- {{path: x, hash: md5, md5: {A}}}\n")
    write(tmp_path, "ignored/all.dvc", f"wdir: ../out\nouts:\n- {{path: x, hash: md5, md5: {B}}}\n")
    write(tmp_path, ".gitignore", "/ignored\n")
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    for number in range(300):
        (tmp_path / "ignored" / str(number)).mkdir()
    assert owner_of(tmp_path, "out/x").file == "pipes/all.dvc"


def test_an_out_of_a_stage_whose_wdir_leads_up(tmp_path):
    write(
        tmp_path,
        "pipe/deep/dvc.yaml",
        "stages:\n  up:\n    wdir: ../..\n    cmd: x\n    outs: [made/u.bin]\n",
    )
    lock = (
        f"stages:\n  up:\n    cmd: x\n    outs:\n    - {{path: made/u.bin, hash: md5, md5: {A}, size: 1}}\n"
    )
    write(tmp_path, "pipe/deep/dvc.lock", lock)
    write(tmp_path, "damaged/dvc.lock", "stages: [1]\n")
    write(tmp_path, "damaged/dvc.yaml", "stages: ../x\n")
    found = owner_of(tmp_path, "made/u.bin")
    assert (found.stage, found.file) == ("up", "pipe/deep/dvc.lock")


def test_a_pointer_that_names_another_file_than_the_one_beside_it_is_foreign(tmp_path):
    write(tmp_path, "x.bin.dvc", f"outs:\n- md5: {A}\n  size: 1\n  hash: md5\n  path: other.bin\n")
    assert owner_of(tmp_path, "x.bin") is None
    assert foreign_owner(tmp_path, "other.bin").file == "x.bin.dvc"


def test_damage_is_told(tmp_path):
    write(tmp_path, "dvc.lock", "stages: [1]\n")
    with pytest.raises(Corrupt, match=r"dvc\.lock"):
        owner_of(tmp_path, "x")
    (tmp_path / "dvc.lock").unlink()
    write(tmp_path, "old.bin.dvc", f"outs:\n- md5: {A}\n  size: 1\n  path: old.bin\n")
    with pytest.raises(UsageError, match="DVC 2"):
        owner_of(tmp_path, "old.bin")
    write(tmp_path, "evil.dvc", "outs:\n- md5: ../../../etc/passwd\n  size: 1\n  hash: md5\n  path: evil\n")
    found, wrong = tracked_in(tmp_path)
    assert found == []
    assert len(wrong) == 2


def test_the_data_that_are_asked_for_are_not_looked_through(tmp_path, monkeypatch):
    (tmp_path / "data/deep").mkdir(parents=True)
    (tmp_path / "data/deep/a.bin").write_text("a")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/up.dvc").write_text(
        f"wdir: ..\nouts:\n- md5: {A}.dir\n  size: 1\n  nfiles: 1\n  hash: md5\n  path: data\n"
    )
    listed = []
    walk = os.walk
    monkeypatch.setattr("os.walk", lambda *args: (listed.append(seen[0]) or seen for seen in walk(*args)))
    found = owner_of(tmp_path, "data")
    assert found is not None
    assert found.file == "sub/up.dvc"
    assert str(tmp_path / "data") in listed
    assert str(tmp_path / "data/deep") not in listed
