"""`mlctl data show` in a terminal."""


def test_schema_and_profile(project):
    project.run("data", "add")
    code, document = project.json("data", "show", "rides@1")
    assert code == 0
    assert [column["name"] for column in document["data"]["schema"]] == ["id", "day", "temp", "rides"]
    assert document["data"]["profile"]["rows"] == 28


def test_a_line_a_column_for_people(project):
    project.run("data", "add")
    lines = project.run("data", "show").stdout.splitlines()
    assert lines[0] == "rides@1  rides.csv"
    assert [line.split()[0] for line in lines[-4:]] == ["id", "day", "temp", "rides"]
    assert "43.5" in lines[-1]


def test_before_anything_is_added_the_next_command_is_told(project):
    code, document = project.json("data", "show")
    assert (code, document["error"]["hints"]) == (20, ["mlctl data add"])


def test_a_folder_tells_what_is_in_it(project):
    for name, text in {
        "ham/1.txt": "hi\n",
        "ham/2.txt": "hi\n",
        "spam/3.txt": "win\n",
        "spam/4.png": "",
    }.items():
        file = project.folder / "sms" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    project.run("data", "add", "sms")
    lines = [line.split(maxsplit=1) for line in project.run("data", "show", "sms").stdout.splitlines()]
    told = {words[0]: words[1] for words in lines if len(words) == 2}
    assert told["classes"] == "ham 2, spam 2"
    assert told["suffixes"] == ".txt 3, .png 1"
    assert told["repeated"].startswith("1:")
    assert told["texts"] == "3: 3 lines, 10 characters"
    assert told["spam/4.png:"] == "it is empty"
    code, document = project.json("data", "show", "sms", "--limit", "1")
    assert code == 0
    assert (len(document["data"]["files"]), document["data"]["more"]) == (1, 3)
