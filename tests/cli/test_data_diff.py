"""`mlctl data diff` in a terminal."""

import pytest


@pytest.fixture
def folder(project):
    for name in ("a/1.txt", "a/2.txt", "b/3.txt"):
        file = project.folder / "img" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    project.run("data", "add", "img")
    (project.folder / "img/a/1.txt").write_text("x" * 2048)
    (project.folder / "img/a/2.txt").rename(project.folder / "img/b/2.txt")
    return project


def test_a_line_a_file_and_totals(folder):
    lines = folder.run("data", "diff", "img").stdout.splitlines()
    assert lines == [
        "img: img@1 (3 files, 21 B) -> the work tree (3 files, 2.0 KiB)",
        "  ~ a/1.txt  7 B -> 2.0 KiB",
        "  > a/2.txt -> b/2.txt  7 B",
        "1 changed (2.0 KiB), 1 renamed (7 B)",
    ]


def test_totals_alone(folder):
    code, document = folder.json("data", "diff", "img@1", "--stat")
    assert code == 0
    assert document["data"]["files"] == []
    assert document["data"]["more"] == 2
    assert document["data"]["tally"]["changed"] == {"files": 1, "bytes": 2048}
    assert len(folder.run("data", "diff", "img", "--stat").stdout.splitlines()) == 2
    assert document["next"] == ["mlctl data add img"]


def test_equal_is_said_in_words(folder):
    folder.run("data", "add", "img")
    assert folder.run("data", "diff", "img@2").stdout.splitlines()[-1] == "no difference"
    assert folder.json("data", "diff", "img@9")[0] == 20


def test_a_table_tells_columns_that_came_and_went(project):
    project.run("data", "add")
    (project.folder / "rides.csv").write_text("id,day,rides,wind\n1,2026-01-01,3,0.5\n")
    out = project.run("data", "diff", "rides").stdout
    assert "rides@1 (28 rows, 4 columns," in out
    assert "  + column wind (number)\n  - column temp (number)\n" in out
