"""The reference pages and completions are what the program would write now, and name everything there is."""

import re
from pathlib import Path

import msgspec
import pytest

from mlctl.cli import describe, reference, settings
from mlctl.cli.main import root

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tree():
    return describe.commands(root())


def page(name):
    return (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")


def test_what_is_generated_is_fresh():
    stale = [
        path
        for path, text in reference.files().items()
        if not (ROOT / path).is_file() or (ROOT / path).read_text(encoding="utf-8") != text
    ]
    assert not stale, "run `make docs`"


def test_a_stale_page_is_found(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(reference, "ROOT", tmp_path)
    monkeypatch.setattr(reference, "files", lambda: {"docs/reference/x.md": "new\n"})
    assert reference.main(["--check"]) == 1
    assert "docs/reference/x.md" in capsys.readouterr().err
    assert reference.main([]) == 0
    assert reference.main(["--check"]) == 0
    assert (tmp_path / "docs/reference/x.md").read_text(encoding="utf-8") == "new\n"


def test_every_command_and_option_is_documented(tree):
    text = page("commands.md")
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    for one in tree:
        assert one.summary in sections[one.command]
        for option in one.options:
            for name in option.names:
                assert name in sections[one.command], (one.command, name)
            assert option.help, (one.command, option.names)
        for argument in one.arguments:
            assert argument.help, (one.command, argument.names)


def test_every_json_schema_is_documented(tree):
    text = page("json.md")
    for one in tree:
        if one.schema_id:
            assert f"## {one.schema_id}\n" in text


def test_every_key_of_the_spec_is_documented_with_its_meaning():
    sections = page("spec.md").split("\n## ")
    for title, part in reference.spec_parts():
        (section,) = [text for text in sections if text.startswith(f"{title}\n")]
        meaning = reference.meanings(part)
        for field in msgspec.structs.fields(part):
            assert meaning.get(field.name), (title, field.name)
            key = "METRIC" if field.name == getattr(part, "rest", None) else field.encode_name
            assert re.search(rf"^\| `{re.escape(key)}` \|", section, re.MULTILINE), field.name


def test_every_environment_variable_is_documented():
    for name in settings.ENVIRONMENT:
        assert f"`{name}`" in page("commands.md")
