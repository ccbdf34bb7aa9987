"""fsck names every damaged and every missing thing, and nothing else."""

import shutil
from pathlib import Path

import pytest

from mlctl.domain.errors import Corrupt
from mlctl.domain.model import ModelVersion
from mlctl.store.repository import Repository
from mlctl.store.verify import Verification, verify
from tests.store.full import fill


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("filled") / "project"
    fill(root)
    return root


@pytest.fixture
def project(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled, tmp_path / "project"))


def look(project: Path) -> Verification:
    repository = Repository.find(project)
    return verify(repository, repository.layout.cache)


def kinds(found: Verification) -> dict[str, str]:
    return {problem.path: problem.kind for problem in found.problems}


def stored(project: Path) -> list[Path]:
    found = (path for path in (project / ".mlctl").rglob("*") if path.is_file())
    return sorted(path for path in found if path.parent.name != "locks")  # these are empty


def test_a_whole_repository_is_clean_and_everything_was_looked_at(project):
    found = look(project)
    assert found.problems == ()
    assert found.notes == ()
    assert found.checked["decisions"] == 70
    assert found.checked["cache_files"] == 3
    assert (
        min(found.checked[what] for what in ("facts", "objects", "segments", "checkpoints", "settings")) > 0
    )


def test_a_flipped_byte_in_any_stored_file_is_named(project):
    files = [path for path in stored(project) if path.suffix != ".sqlite"]
    assert len(files) > 90
    for path in files:
        before = path.read_bytes()
        for position in sorted({0, len(before) // 2, len(before) - 1}):
            damaged = bytearray(before)
            damaged[position] ^= 0x01
            path.chmod(0o644)
            path.write_bytes(damaged)
            name = str(path.relative_to(project))
            try:
                named = name in kinds(look(project))
            except Corrupt as error:  # format and config are read before anything else
                named = error.facts["path"] == str(path)
            assert named, f"{name}, byte {position}"
            path.write_bytes(before)
    assert look(project).problems == ()


def test_an_index_that_says_something_else_than_the_facts_is_named_and_made_anew(project):
    (index,) = (project / ".mlctl" / "index").iterdir()
    data = index.read_bytes()
    index.write_bytes(data.replace(b"production", b"pr0duction").replace(b"demand", b"dem4nd"))
    assert kinds(look(project)) == {str(index.relative_to(project)): "corrupt"}
    assert look(project).problems == ()
    assert len(Repository.find(project).facts.where(ModelVersion, model="demand")) == 2


def test_an_index_that_is_no_database_is_named_and_made_anew(project):
    (index,) = (project / ".mlctl" / "index").iterdir()
    index.write_bytes(b"rubbish" * 100)
    assert kinds(look(project)) == {str(index.relative_to(project)): "corrupt"}
    assert len(Repository.find(project).facts.where(ModelVersion, model="demand")) == 2


def test_every_file_that_something_names_is_missed(project):
    folders = ("objects", "facts", "decisions", "cache")
    files = [
        path
        for folder in folders
        for path in sorted((project / ".mlctl" / folder).rglob("*"))
        if path.is_file()
    ]
    kinds_unnamed = ("evaluations", "reports", "repeats", "reproductions", "removals", "predictions", "runs")
    unnamed = [f"facts/{kind}" for kind in kinds_unnamed]
    for path in files:
        name = str(path.relative_to(project))
        if any(folder in name for folder in unnamed):
            continue
        aside = path.rename(project / "aside")
        if "decisions" in name and name.endswith("70"):
            continue_as_shorter = look(project)
            assert (
                continue_as_shorter.problems == ()
            )  # a log that ends earlier is a log; only a head elsewhere tells
        else:
            assert kinds(look(project)).get(name) == "missing", name
        aside.rename(path)


def test_a_log_that_lost_what_a_checkpoint_names_is_not_written_on(project):
    for number in range(64, 71):
        (project / ".mlctl" / "decisions" / f"{number:08d}").unlink()
    found = kinds(look(project))
    assert found[".mlctl/decisions/00000064"] == "missing"


def test_a_torn_last_line_of_a_segment_is_a_note_and_no_fault(project):
    (segment,) = (project / ".mlctl" / "live" / "predictions" / "demand").iterdir()
    segment.write_bytes(segment.read_bytes() + b'0badc0de {"cut')
    found = look(project)
    assert found.problems == ()
    assert "never acknowledged" in found.notes[0]


def test_an_index_is_not_trusted_over_a_config_of_another_repository(project):
    config = project / ".mlctl" / "config.toml"
    config.write_text(f'id = "{"0" * 32}"\n')
    assert kinds(look(project)) == {".mlctl/config.toml": "corrupt"}


def test_leftovers_of_dead_processes_are_swept_and_those_of_living_ones_stay(project):
    repository = Repository.find(project)
    (repository.layout.tmp / "left-file").write_bytes(b"x")
    (repository.layout.tmp / "left-folder").mkdir()
    (repository.layout.tmp / "left-folder" / "y").write_bytes(b"y")
    with Repository.find(project).files.aside() as living:
        found = verify(repository, repository.layout.cache)
        assert living.path.exists()
    assert found.problems == ()
    assert set(found.swept) == {".mlctl/tmp/left-file", ".mlctl/tmp/left-folder"}
    assert list(repository.layout.tmp.iterdir()) == []
