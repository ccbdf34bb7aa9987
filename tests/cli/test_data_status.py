"""`mlctl data status` in a terminal."""


def test_check_is_43_before_and_0_after_the_add_that_it_asks_for(project):
    code, document = project.json("data", "status", "--check")
    assert (code, document["error"]["id"], document["data"]["clean"]) == (43, "would_change", False)
    (hint,) = document["error"]["hints"]
    assert hint == "mlctl data add rides.csv"
    assert project.run(*hint.split()[1:]).returncode == 0
    assert project.json("data", "status", "--check")[0] == 0


def test_without_check_it_is_0_and_a_line_a_dataset(project):
    done = project.run("data", "status")
    assert done.returncode == 0
    assert done.stdout.split()[:3] == ["new", "rides", "rides.csv"]


def test_a_link_in_one_folder_is_told_beside_the_others(project):
    (project.folder / "images").mkdir()
    (project.folder / "images/1.txt").write_text("1", encoding="utf-8")
    assert project.run("data", "add", "rides.csv", "images").returncode == 0
    assert project.run("status").returncode == 0
    (project.folder / "images/link").symlink_to("/nowhere")
    done = project.run("data", "status")
    assert (done.returncode, [line.split()[0] for line in done.stdout.splitlines()]) == (
        0,
        ["clean", "unreadable"],
    )
    code, document = project.json("status", "--check")
    assert (code, document["error"]["hints"][0]) == (43, "ls -lb images/link")
    done = project.run("status")
    assert "  images  images  unreadable\n    data images: images/link is a symbolic link" in done.stdout
    (project.folder / "images/link").unlink()
    assert "unreadable" not in project.run("status").stdout
