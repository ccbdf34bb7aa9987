"""`mlctl data get` on the terminal."""

import shutil


def test_a_file_comes_back_alone_and_is_listed(project):
    (project.folder / "texts").mkdir()
    for name in ("a", "b"):
        (project.folder / "texts" / f"{name}.txt").write_text(name * 5)
    assert project.run("data", "add", "texts").returncode == 0
    shutil.rmtree(project.folder / "texts")
    done = project.run("data", "get", "texts/a.txt")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "texts@1  texts/a.txt  1 file, 5 B: 1 written, 0 fetched (0 B)\n  + texts/a.txt\n"
    assert [path.name for path in (project.folder / "texts").iterdir()] == ["a.txt"]
    code, document = project.json("data", "get", "texts/a.txt")
    assert code == 0
    assert document["data"]["changed"] is False
    code, document = project.json("data", "get", "texts/c.txt")
    assert code == 20
    assert document["error"]["hints"] == ["mlctl data get texts/a.txt"]
