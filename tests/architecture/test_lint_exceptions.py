"""A lint exception is one line with its reason."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENTRY = re.compile(r'^\s*"(?P<rule>[A-Z]{1,4}\d*)"(?P<rest>.*)$')
INLINE = re.compile(r"#\s*noqa:\s*[A-Z0-9, ]+(?P<reason>.*)$")
SHORTEST = 6  # letters of a reason
TYPE = re.compile(r"#\s*type:\s*ignore(?P<reason>.*)$")


def test_every_rule_that_is_switched_off_in_pyproject_says_why():
    lint = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.ruff.lint]")[2]
    lint = lint.partition("[tool.mypy]")[0]
    rules = [line for line in lint.splitlines() if ENTRY.match(line)]
    assert len(rules) > 10
    assert not [line for line in rules if "#" not in line]


def test_every_inline_exception_says_why():
    silent = []
    for file in [*(ROOT / "mlctl").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]:
        if file == Path(__file__):
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            for pattern in (INLINE, TYPE):
                found = pattern.search(line)
                if found and len(re.sub(r"\[[^\]]*\]|\W", "", found["reason"])) < SHORTEST:
                    silent.append(f"{file.relative_to(ROOT)}:{number}: {line.strip()}")
    assert not silent
