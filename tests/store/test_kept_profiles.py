"""Kept profiles: disposable, and never a wrong answer."""

from mlctl.domain.records import digest_of
from mlctl.store.kept_profiles import KeptProfiles

NAME = digest_of(b"manifest")


def test_what_was_kept_comes_back_and_damage_is_nothing(tmp_path):
    kept = KeptProfiles(tmp_path / "profiles")
    assert kept.get(NAME) is None
    kept.keep(NAME, b'{"files":1}\n')
    assert kept.get(NAME) == b'{"files":1}\n'
    assert [path.name for path in (tmp_path / "profiles").iterdir()] == [NAME]
    file = tmp_path / "profiles" / NAME
    file.write_bytes(file.read_bytes().replace(b"1", b"2", 1))
    assert kept.get(NAME) is None


def test_where_nothing_can_be_kept_nothing_happens(tmp_path):
    (tmp_path / "profiles").write_text("in the way")
    kept = KeptProfiles(tmp_path / "profiles")
    kept.keep(NAME, b"{}\n")
    assert kept.get(NAME) is None
