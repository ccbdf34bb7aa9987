"""Kept answers hold for as long as every stamp does, and only where they are sure to."""

import os
import time

import pytest

from mlctl.store import kept_answers, layout

SECOND = 1_000_000_000


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project with one file; whatever has just been written counts as settled."""
    store = tmp_path / ".mlctl"
    for name in ("tmp", "index"):
        (store / name).mkdir(parents=True)
    (store / "format").write_text("1", encoding="utf-8")
    (tmp_path / "data").write_text("rows", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(kept_answers, "_SETTLED", -10 * SECOND)
    for name in [name for name in os.environ if name.startswith("MLCTL_")]:
        monkeypatch.delenv(name)
    return tmp_path


def keep(folder, *names, later=0, until=None, arguments=("status",)):
    started = (time.time_ns() + later, time.monotonic_ns() + later)
    paths = {str(folder / name) for name in names or ("data",)}
    return kept_answers.keep(
        list(arguments),
        b"an answer\n",
        b"talk\n",
        root=str(folder),
        paths=paths,
        started=started,
        until=until,
    )


def give(capfd, *arguments):
    code = kept_answers.give(list(arguments or ("status",)))
    said = capfd.readouterr()
    return code, said.out, said.err


def test_it_is_given_as_it_was_printed(folder, capfd):
    assert give(capfd) == (None, "", "")
    assert keep(folder)
    assert give(capfd) == (0, "an answer\n", "")
    assert give(capfd, "plan") == (None, "", "")


def test_it_is_found_from_below_and_not_from_a_project_of_its_own(folder, capfd, monkeypatch):
    assert keep(folder)
    (folder / "below" / ".mlctl").mkdir(parents=True)
    monkeypatch.chdir(folder / "below")
    assert give(capfd)[0] == 0
    (folder / "below" / ".mlctl" / "format").write_text("1", encoding="utf-8")
    assert give(capfd)[0] is None


def test_other_bytes_of_the_same_size_and_time_are_seen(folder, capfd):
    before = (folder / "data").stat()
    assert keep(folder)
    (folder / "data").write_text("ROWS", encoding="utf-8")
    os.utime(folder / "data", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (folder / "data").stat().st_mtime_ns == before.st_mtime_ns
    assert give(capfd)[0] is None


def test_a_file_that_was_missing_and_is_there_is_seen(folder, capfd):
    assert keep(folder, "data", "absent/deep")
    assert give(capfd)[0] == 0
    (folder / "absent").mkdir()
    (folder / "absent" / "deep").write_text("", encoding="utf-8")
    assert give(capfd)[0] is None


def test_a_link_that_leads_elsewhere_is_seen(folder, capfd):
    (folder / "link").symlink_to("data")
    assert keep(folder, "link")
    assert give(capfd)[0] == 0
    (folder / "data").write_text("more rows", encoding="utf-8")
    assert give(capfd)[0] is None


@pytest.mark.parametrize("name", ["data", "absent"])
def test_what_changed_a_moment_before_is_not_kept(folder, monkeypatch, name):
    monkeypatch.setattr(kept_answers, "_SETTLED", 2 * SECOND)
    assert not keep(folder, name)
    assert not (folder / ".mlctl" / "index" / "answers").exists()


def test_it_ends_when_time_alone_may_change_it(folder, capfd):
    assert keep(folder, until=time.time_ns() + 3600 * SECOND)
    assert give(capfd)[0] == 0
    assert keep(folder, until=time.time_ns() - 1)
    assert give(capfd)[0] is None


def test_a_clock_that_went_back_ends_it(folder, capfd):
    assert keep(folder, later=3600 * SECOND)
    assert give(capfd)[0] is None


def test_a_clock_that_was_set_meanwhile_keeps_nothing(folder):
    started = (time.time_ns() - 3600 * SECOND, time.monotonic_ns())
    assert not kept_answers.keep(
        ["status"], b"x", b"", root=str(folder), paths={str(folder)}, started=started, until=None
    )
    assert not list((folder / ".mlctl" / "tmp").iterdir())


def test_too_many_stamps_and_names_with_line_breaks_are_not_kept(folder):
    assert not keep(folder, *(f"file{number}" for number in range(kept_answers.MOST + 1)))
    assert not keep(folder, "a\nb")


@pytest.mark.parametrize("stage", ["../../x", "a/b", "", " ", "ä"])
def test_no_name_leads_out_of_the_folder(folder, stage):
    assert not keep(folder, arguments=("build", "--to", stage)) or stage == ""


def test_another_interpreter_or_path_of_imports_asks_anew(folder, capfd, monkeypatch):
    assert keep(folder)
    monkeypatch.syspath_prepend(str(folder))
    assert give(capfd)[0] is None


@pytest.mark.parametrize("variable", ["MLCTL_JSON", "MLCTL_DIR", "MLCTL_QUIET"])
def test_settings_in_the_environment_go_the_long_way(folder, capfd, monkeypatch, variable):
    assert keep(folder)
    monkeypatch.setenv(variable, "")
    assert give(capfd)[0] is None


def test_every_flipped_bit_is_found(folder, capfd):
    assert keep(folder)
    file = folder / ".mlctl" / "index" / "answers" / "status"
    whole = file.read_bytes()
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << place % 8)]) + whole[place + 1 :])
        assert give(capfd) == (None, "", "")


def test_every_torn_file_is_found(folder, capfd):
    assert keep(folder)
    file = folder / ".mlctl" / "index" / "answers" / "status"
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert give(capfd) == (None, "", "")


def test_a_refusing_disk_costs_nothing_but_time(folder):
    (folder / ".mlctl" / "index").rmdir()
    (folder / ".mlctl" / "index").write_text("", encoding="utf-8")
    assert not keep(folder)
    (folder / ".mlctl" / "index").unlink()
    (folder / ".mlctl" / "tmp").rmdir()
    assert not keep(folder)


def test_it_knows_where_the_repository_stands(tmp_path):
    places = layout.Layout(tmp_path / layout.FOLDER)
    assert tmp_path / kept_answers._FORMAT == places.format
    assert tmp_path / kept_answers._TMP == places.tmp
    assert (tmp_path / kept_answers._FOLDER).parent == places.index
