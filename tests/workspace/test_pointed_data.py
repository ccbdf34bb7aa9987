"""What of a pointer should be on a remote, for every kind of pointer that dvc writes."""

import pytest

from mlctl.workspace.pointed_data import NamedData, data_locked_by, data_named_by

MD5 = "9d0568469d206c1aedf1b71f12f474bc"
OUT = f"outs:\n- md5: {MD5}\n  size: 10\n  hash: md5\n  path: a.bin\n"


def test_a_file_and_a_folder_as_dvc_writes_them():
    assert data_named_by(OUT) == [NamedData(md5=MD5, size=10)]
    folder = f"outs:\n- md5: {MD5}.dir\n  size: 10\n  nfiles: 2\n  hash: md5\n  path: d\n"
    assert data_named_by(folder) == [NamedData(md5=f"{MD5}.dir", size=10, nfiles=2)]
    assert data_named_by(folder)[0].key == f"files/md5/9d/{MD5[2:]}.dir"


def test_an_md5_that_looks_like_a_number_to_yaml():
    number = "630334416415623642455915400846e6"
    assert data_named_by(f"outs:\n- md5: '{number}'\n  size: 7\n  hash: md5\n  path: x\n")[0].md5 == number


def test_several_outs_a_remote_of_its_own_and_comments():
    text = (
        f"# ours\nouts:\n- md5: {MD5}\n  size: 10\n  hash: md5\n  path: a\n  remote: other\n"
        f"- md5: {'0' * 31}a\n  size: 1\n  hash: md5\n  path: b\n"
    )
    assert [one.remote for one in data_named_by(text)] == ["other", None]


def test_what_dvc_2_wrote_lies_at_the_top_of_a_remote():
    (found,) = data_named_by(f"outs:\n- md5: {MD5}\n  size: 10\n  path: a.bin\n")
    assert found.key == f"9d/{MD5[2:]}"


@pytest.mark.parametrize(
    "more",
    ["  push: false\n", "  cache: false\n", "  cloud:\n    s3:\n      etag: x\n      version_id: y\n"],
)
def test_what_no_push_carries_is_left_out(more):
    assert data_named_by(OUT + more) == []


def test_imports_from_a_repository_and_what_was_never_downloaded_are_left_out():
    assert data_named_by(OUT + "deps:\n- path: a.bin\n  repo:\n    url: ../other\n") == []
    assert data_named_by("outs:\n- path: a.bin\n  hash: md5\ndeps:\n- path: https://example.org/a\n") == []
    assert data_named_by(OUT + "deps:\n- path: https://example.org/a.bin\n") != []


@pytest.mark.parametrize("text", ["", "[]", "outs: 1", "a: b", "<<<<<<< x", "outs:\n- md5: zz\n  path: a\n"])
def test_what_is_no_pointer_is_an_error(text):
    with pytest.raises(ValueError, match=r"."):
        data_named_by(text)


LOCKED = f"""\
schema: '2.0'
stages:
  fit:
    cmd: python fit.py
    outs:
    - path: model.pkl
      hash: md5
      md5: {MD5}
      size: 10
    - path: metrics.json
      hash: md5
      md5: {"1" * 32}
      size: 3
  gone:
    outs:
    - path: old
      hash: md5
      md5: {"2" * 32}
      size: 3
  each@a:
    outs:
    - path: a.bin
      hash: md5
      md5: {"3" * 32}.dir
      size: 3
      nfiles: 1
"""
PIPELINE = """\
stages:
  fit:
    cmd: python fit.py
    outs:
    - model.pkl
    metrics:
    - metrics.json:
        cache: false
  each:
    foreach: [a]
    do:
      outs:
      - ${item}.bin:
          remote: other
"""


def test_of_a_lock_counts_what_its_pipeline_keeps_in_the_cache():
    found = data_locked_by(LOCKED, PIPELINE)
    assert [one.md5 for one in found] == [MD5, f"{'3' * 32}.dir"]
    assert found[0].what == "model.pkl of stage fit"
    assert data_locked_by(LOCKED, "") == []
    assert data_locked_by("", PIPELINE) == []


def test_where_a_template_names_what_stays_only_what_is_named_in_full_counts():
    templated = PIPELINE.replace("metrics.json:", "${where}:")
    assert [one.md5 for one in data_locked_by(LOCKED, templated)] == [MD5, f"{'3' * 32}.dir"]


@pytest.mark.parametrize(
    "text", ["[1]", "stages: [1]", "stages: {fit: 1}", "stages: {fit: {outs: [{md5: 1}]}}"]
)
def test_what_is_no_lock_is_an_error(text):
    with pytest.raises(ValueError, match=r"."):
        data_locked_by(text, PIPELINE)
