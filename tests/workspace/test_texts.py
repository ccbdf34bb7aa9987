"""Texts: UTF-8 or not, lines and characters, over the borders of the pieces that are read."""

import io

from mlctl.workspace import texts
from mlctl.workspace.texts import Text, read_text


def test_lines_and_characters():
    cases = {b"": (0, 0), b"a": (1, 1), b"a\n": (1, 2), b"a\nb": (2, 3), b"\n\n": (2, 2)}
    for data, (lines, characters) in cases.items():
        assert read_text(io.BytesIO(data)) == Text(lines=lines, characters=characters)
    assert read_text(io.BytesIO("äö\n€".encode())) == Text(lines=2, characters=4)


def test_a_character_across_two_pieces_is_one(monkeypatch):
    monkeypatch.setattr(texts, "_CHUNK", 3)
    assert read_text(io.BytesIO("ab€cd€\n".encode())) == Text(lines=1, characters=7)


def test_what_is_no_utf8_is_told(monkeypatch):
    for data in ("caf\xe9".encode("latin-1"), "caf\xe9 noir".encode("latin-1"), b"ends in \xe2\x82"):
        assert read_text(io.BytesIO(data)) is None
    monkeypatch.setattr(texts, "_CHUNK", 2)
    assert read_text(io.BytesIO(b"\xff")) is None
