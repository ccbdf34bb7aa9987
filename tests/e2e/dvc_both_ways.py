"""Data of every shape for the real `dvc` and mlctl to pass to each other, and the folders in which both work.

A case lies in a folder of its own, `cases/<name>/`, so that one start of either program takes all cases.
"""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.projects import environment, forked

EXPONENT = b"574565\n"  # its md5 is 630334416415623642455915400846e6: to YAML a number
DIGITS = b"682577\n"  # its md5 is 61230315635059227299115225839792
LONGEST = 251  # bytes of a name beside which `.dvc` has room


@dataclass(frozen=True)
class Case:
    """Files below the case's folder, and which of its files and folders are versioned.

    Attributes:
        files: relative path to bytes.
        targets: what `add` is given; all names at the top of the case by default.
    """

    files: Mapping[str, bytes]
    targets: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> list[str]:
        """Make the files; the targets, relative to `folder`."""
        for name, data in self.files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        for name, other in self.links.items():
            os.link(folder / other, folder / name)
        return list(self.targets) or sorted({name.split("/")[0] for name in {**self.files, **self.links}})


def _one(name: str) -> Case:
    return Case({name: name.encode()})


def _within(name: str) -> Case:
    return Case({f"d/{name}": name.encode(), "d/plain.txt": b"plain"})


CASES: dict[str, Case] = {
    "file": _one("table.bin"),
    "empty-file": Case({"empty.bin": b""}),
    "large-file": Case({"large.bin": bytes(range(256)) * 40_000}),
    "executable-bytes": Case(
        {"a.bin": bytes(range(256)), "b.bin": b"\r\n\r\n", "c.bin": b"\xef\xbb\xbfa\r\n"}
    ),
    "folder": Case({"d/a.txt": b"a", "d/b.txt": b"b"}),
    "nested-folder": Case({"d/e/f/g/h.txt": b"h", "d/e/i.txt": b"i", "d/e.txt": b"e", "d/e-1/x": b"x"}),
    "folder-of-an-empty-file": Case({"d/empty": b""}),
    "folder-of-equal-files": Case({"d/a": b"same", "d/b": b"same", "d/c/a": b"same"}),
    "two-equal-folders": Case({"d/a": b"1", "e/a": b"1"}),
    "file-in-a-folder-of-its-own": Case({"deep/er/a.bin": b"1"}, ("deep/er/a.bin",)),
    "hard-links": Case({"d/a": b"linked"}, ("d",), {"d/b": "d/a"}),
    "hidden": Case({".hidden": b"h", "d/.also": b"a", "d/.b/c": b"c"}),
    "no-ending": _one("Makefile"),
    "spaces": Case({"a b  c.txt": b"1", " lead.txt": b"2", "d e/ f .txt": b"3"}),
    "trailing-space": _one("ends in space "),
    "composed": _one("\u00fcber.bin"),
    "decomposed": _one("u\u0308ber.bin"),
    "wide": Case({"\u6570\u636e.csv.txt": b"1", "d/\U0001f4be.bin": b"2", "d/\u200f.bin": b"3"}),
    "apostrophe": Case({"it's.txt": b"1", "d/'q'": b"2"}),
    "quotes": Case({'say "hi".txt': b"1", 'd/"': b"2"}),
    "leading-dash": Case({"-rf.txt": b"1", "d/--help": b"2", "--": b"3"}),
    "percent": Case({"100%.txt": b"1", "a%20b.txt": b"2", "d/%s%d": b"3"}),
    "hash": Case({"#1.txt": b"1", "b #2.txt": b"2", "d/# c": b"3"}),
    "colon": Case({"a: b.txt": b"1", "c:d.txt": b"2", "e:": b"3"}),
    "yaml-signs": Case(
        {
            name: name.encode()
            for name in ("&a", "*b", "!c", "|d", ">e", "@f", "`g", "{h}", "[i]", "?", "~", ",j")
        }
    ),
    "patterns": Case({"[ab].txt": b"1", "c?.txt": b"2", "d*.txt": b"3", "!e.txt": b"4", "f\\g.txt": b"5"}),
    "dollar": Case({"$HOME.txt": b"1", "${item}.txt": b"2", "d/$(x)": b"3"}),
    "yaml-words": Case({name: name.encode() for name in ("null", "Yes", "no", "TRUE", "off", "y", "N")}),
    "yaml-numbers": Case(
        {
            name: name.encode()
            for name in ("12", "1e5", "0x1f", "1_000", ".5", "-1", "1:30", "2024-01-01", ".inf")
        }
    ),
    "longest-name": _one("n" * LONGEST),
    "longest-name-within": _within("n" * 255),
    "long-name-of-two-bytes": _within("\u00fc" * 127),
    "md5-with-an-exponent": Case({"e.bin": EXPONENT, "d/e.bin": EXPONENT}),
    "md5-of-digits": Case({"n.bin": DIGITS, "d/n.bin": DIGITS}),
    "many-in-order": Case({f"d/{n}": str(n).encode() for n in (1, 10, 100, 11, 2, 20)}),
    "order-of-signs": Case(
        {f"d/{name}": name.encode() for name in ("a", "a.b", "a-b", "a/b".replace("/", "0"), "A")}
    ),
    "control-signs": _within("tab\there"),
}
"""What both programs can hold."""


class Place:
    """A folder in which both programs run, as processes of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def git(self, *arguments: str) -> str:
        """Run git as somebody; it must succeed."""
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "core.quotepath=off")
        command = ["git", *who, *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=environment(), capture_output=True, text=True, check=False
        )
        return self._finished(done)

    def dvc(self, *arguments: str) -> str:
        """Run the real dvc; it must succeed."""
        return self._finished(forked("dvc", *arguments, cwd=self.folder, env=environment()))

    def mlctl(self, *arguments: str, expect: int = 0) -> dict[str, Any]:
        """Run mlctl; its document."""
        done = forked("mlctl", *_with_json(arguments), cwd=self.folder, env=environment())
        document: dict[str, Any] = json.loads(self._finished(done, expect))
        return document

    def commit(self, message: str = "data") -> None:
        """Everything that git does not ignore."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def dvc_is_clean(self) -> bool:
        """Whether `dvc status` finds nothing changed."""
        return bool(json.loads(self.dvc("status", "--json")) == {})

    def mlctl_is_clean(self) -> bool:
        """Whether `mlctl data status` finds nothing changed."""
        return bool(self.mlctl("data", "status")["data"]["clean"])

    def pointers(self) -> dict[str, bytes]:
        """Every pointer in the folder."""
        found = (path for path in self.folder.rglob("*.dvc") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in found}

    @staticmethod
    def _finished(done: subprocess.CompletedProcess[str], expect: int = 0) -> str:
        assert done.returncode == expect, (
            done.args,
            done.returncode,
            done.stdout[-3000:],
            done.stderr[-3000:],
        )
        return done.stdout


def _with_json(arguments: tuple[str, ...]) -> list[str]:
    """The option stands before a "--" that ends the options."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return [*arguments[:end], "--json", *arguments[end:]]


def below(folder: Path) -> dict[str, bytes]:
    """The data below a folder, without pointers and ignore files."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".dvc" and path.name != ".gitignore"
    }


def write_cases(folder: Path) -> list[str]:
    """Make every case; what is to be added, relative to `folder`."""
    return [
        f"cases/{name}/{target}"
        for name, case in CASES.items()
        for target in case.write(folder / "cases" / name)
    ]
