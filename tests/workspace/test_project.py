"""Settings of git and DVC in a project's folder."""

from mlctl.workspace.project import missing_settings, place_file


def test_an_empty_folder_lacks_everything_and_then_nothing(tmp_path):
    for path, data in missing_settings(tmp_path):
        place_file(tmp_path, path, data)
    assert missing_settings(tmp_path) == []
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()) == [
        ".dvc/.gitignore", ".dvc/config", ".dvcignore", ".gitignore",
    ]  # fmt: skip


def test_only_missing_lines_are_added(tmp_path):
    (tmp_path / ".gitignore").write_text("/.mlctl/*\nmine")
    wanted = dict(missing_settings(tmp_path))
    assert wanted[".gitignore"] == b"/.mlctl/*\nmine\n!/.mlctl/config.toml\n"
