"""Exit codes and error ids: unique, drawn, documented, never used again."""

import re
from pathlib import Path

from mlctl.cli.describe import error_classes, exit_codes
from mlctl.domain import errors

ROOT = Path(__file__).parents[2]
PAST = Path(__file__).with_name("past_exit_codes.txt")


def past():
    """Every code that any version has had, with its id."""
    rows = [
        line.split() for line in PAST.read_text(encoding="utf-8").splitlines() if not line.startswith("#")
    ]
    return {id_: int(code) for code, id_ in rows}


def test_codes_and_ids_are_unique_but_for_usage():
    classes = error_classes()
    ids = [error.id for error in classes]
    assert len(ids) == len(set(ids))
    codes = [error.exit_code for error in classes if error.exit_code != 2]
    assert len(codes) == len(set(codes))


def test_the_tree_and_the_kept_list_agree():
    now = {error.id: error.exit_code for error in error_classes()}
    kept = past()
    assert set(now) <= set(kept), "a new code: add it to past_exit_codes.txt"
    assert all(kept[id_] == code for id_, code in now.items()), "a code has changed its meaning"
    gone = {kept[id_] for id_ in set(kept) - set(now)} - {1, 130, 141}
    assert not gone & set(now.values()), "a code of the past is used again"


def test_the_drawn_tree_shows_every_class_with_its_code():
    drawn = dict(re.findall(r"(\w+) +\[(\d+)\]", errors.__doc__ or ""))
    assert drawn == {error.__name__: str(error.exit_code) for error in error_classes()}


def test_the_page_documents_every_code():
    page = (ROOT / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    for error in error_classes():
        assert f"| {error.exit_code} | `{error.id}` |" in page
    for code in exit_codes():
        assert f"| {code} |" in page


def test_every_class_says_what_it_means():
    for error in error_classes():
        assert (error.__doc__ or "").strip().split("\n")[0].endswith("."), error


def test_codes_stand_in_their_family():
    families = {
        "repository": range(10, 20),
        "naming": range(20, 30),
        "conflict": range(30, 40),
        "answer": range(40, 50),
        "damage": range(50, 60),
    }
    answers = [error for error in error_classes() if issubclass(error, errors.AnswerIsNo)]
    assert {error.exit_code for error in answers} == {40, 41, 42, 43, 44}
    assert all(error.exit_code in families["answer"] for error in answers)
