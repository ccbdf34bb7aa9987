"""The format page is true: its own script, a shell and sha256sum, verifies a repository and finds damage."""

import json
import re
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest

from mlctl.domain.decision import Entry
from mlctl.domain.prediction import Answered
from mlctl.store.references import SHAPES
from tests.store.full import ANY, answered, fill

PAGE = (Path(__file__).parents[2] / "docs" / "explanation" / "format.md").read_text(encoding="utf-8")
(SCRIPT,) = re.findall(r"```sh verify\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    root = tmp_path_factory.mktemp("format") / "project"
    fill(root)
    return root


@pytest.fixture
def project(filled, tmp_path):
    return Path(shutil.copytree(filled, tmp_path / "project"))


def verified(project):
    done = subprocess.run(
        ["sh", "-c", SCRIPT], cwd=project, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.stderr == ""
    return done.returncode == 0, done.stdout


def test_the_script_of_the_page_verifies_a_whole_repository(project):
    assert verified(project) == (True, "verified 70 decisions\n")


@pytest.mark.parametrize(
    "pattern", ["format", "objects/*/*", "facts/models/*", "decisions/00000007", "checkpoints/*"]
)
def test_the_script_of_the_page_names_a_file_with_a_flipped_byte(project, pattern):
    path = min((project / ".mlctl").glob(pattern))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    whole, said = verified(project)
    assert not whole
    assert f"damaged: {path.relative_to(project)}" in said


def test_the_script_of_the_page_misses_a_decision_and_a_fact(project):
    shutil.rmtree(project / ".mlctl" / "facts" / "labels")
    (project / ".mlctl" / "decisions" / "00000007").unlink()
    whole, said = verified(project)
    assert not whole
    assert "missing: decision 7" in said
    assert "missing: .mlctl/facts/labels/" in said


def test_the_second_line_of_a_decision_is_what_head_and_sha256sum_print(project):
    for path in (project / ".mlctl" / "decisions").iterdir():
        printed = subprocess.run(
            ["sh", "-c", 'head -n 1 "$1" | sha256sum', "sh", str(path)], capture_output=True, check=True
        ).stdout
        assert path.read_bytes().split(b"\n", 1)[1] == printed


def test_every_stored_record_is_canonical_json(project):
    paths = [*(project / ".mlctl" / "facts").rglob("*.json"), *(project / ".mlctl" / "decisions").iterdir()]
    for path in paths:
        line = path.read_bytes().split(b"\n")[0]
        assert (
            json.dumps(json.loads(line), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
            == line
        )


def test_a_line_of_a_segment_is_as_the_page_says(project):
    (segment,) = (project / ".mlctl" / "live" / "predictions" / "demand").iterdir()
    for line in segment.read_bytes().splitlines():
        checksum, body = line.split(b" ", 1)
        assert checksum.decode() == f"{zlib.crc32(body):08x}"
        assert set(json.loads(body)) == set(Answered.__struct_fields__)
    assert answered(ANY, 1).ids


def test_the_page_tells_of_every_key_of_a_decision_every_kind_of_fact_and_every_folder(project):
    for field in Entry.__struct_fields__:
        assert f"`{field}`" in PAGE, field
    for kind in SHAPES:
        assert f"| `{kind}` |" in PAGE, kind
    for path in (project / ".mlctl").iterdir():
        assert re.search(rf"^  .*\b{re.escape(path.name)}(/|\b)", PAGE, re.MULTILINE), path.name
