"""Texts: whether they are valid UTF-8, and how many lines and characters they hold."""

import codecs
from typing import BinaryIO

import msgspec

SUFFIXES = frozenset(
    {
        ".txt", ".text", ".md", ".rst", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".xml", ".html", ".htm",
        ".yaml", ".yml", ".log", ".srt", ".vtt", ".conll", ".tex",
    }
)  # fmt: skip
"""Of files that should be texts."""

_CHUNK = 1 << 20


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A text; a last line without its end counts."""

    lines: int
    characters: int


def read_text(file: BinaryIO) -> Text | None:
    """The text in an open file, read in pieces; None where it is not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines, characters, last = 0, 0, "\n"
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK):
            text = decoder.decode(chunk)
            lines += text.count("\n")
            characters += len(text)
            last = text[-1:] or last
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return Text(lines=lines + (last != "\n"), characters=characters)
