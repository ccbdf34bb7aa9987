"""`mlctl init` in a terminal."""

TABLE = "id,size,kind,price\n" + "".join(
    f"{n},{n % 17 / 2},{'ab'[n % 2]},{n * 2 + n % 3}\n" for n in range(200)
)


def test_a_template_becomes_a_project_and_the_next_commands_are_told(terminal):
    code, document = terminal.json("init", "bikes", "--template", "bike-demand")
    assert code == 0
    assert document["schema"] == "mlctl.init/1"
    assert document["data"]["changed"]
    assert document["data"]["project"] == "bikes"
    assert document["next"] == ["cd bikes", "mlctl train"]
    assert (terminal.folder / "bikes/data/hour.csv").stat().st_size == 1_156_736


def test_twice_is_unchanged(terminal):
    terminal.run("init")
    code, document = terminal.json("init")
    assert (code, document["data"]["changed"]) == (0, False)
    assert "unchanged" in terminal.run("init").stdout


def test_the_text_lists_what_was_made(terminal):
    done = terminal.run("init", "p")
    assert done.returncode == 0
    assert "project p in" in done.stdout
    assert "  + mlctl.toml" in done.stdout


def test_from_a_table_the_five_commands_begin(terminal):
    (terminal.folder / "t.csv").write_text(TABLE)
    code, document = terminal.json("init", "p", "--from", "t.csv", "--target", "price")
    assert code == 0
    assert document["data"]["task"] == "regression"
    assert "mlctl train" in document["next"]
    assert (terminal.folder / "p/data/t.csv").read_text() == TABLE


def test_a_weight_is_written_and_a_misspelt_one_leaves_nothing(terminal):
    lines = TABLE.splitlines()
    (terminal.folder / "t.csv").write_text("\n".join([f"{lines[0]},w", *(f"{one},2" for one in lines[1:])]))
    code, document = terminal.json("init", "p", "--from", "t.csv", "--target", "price", "--weight", "v")
    assert (code, document["error"]["id"]) == (91, "column_missing")
    assert not (terminal.folder / "p").exists()
    assert terminal.json("init", "p", "--from", "t.csv", "--target", "price", "--weight", "w")[0] == 0
    assert 'weight = "w"' in (terminal.folder / "p/mlctl.toml").read_text()
    assert terminal.json("init", "q", "--weight", "w")[0] == 2


def test_a_quantile_is_written(terminal):
    (terminal.folder / "t.csv").write_text(TABLE)
    command = ("init", "p", "--from", "t.csv", "--target", "price", "--task", "quantile")
    assert terminal.json(*command, "--quantile", "2")[1]["error"]["id"] == "usage"
    code, document = terminal.json(*command, "--quantile", "0.25")
    assert (code, document["data"]["task"]) == (0, "quantile")
    assert "quantile = 0.25" in (terminal.folder / "p/mlctl.toml").read_text()


def test_bad_input_has_the_code_of_its_family_and_leaves_nothing(terminal):
    (terminal.folder / "empty.csv").write_text("")
    (terminal.folder / "t.csv").write_text(TABLE)
    for arguments, code, id_ in (
        (("--from", "empty.csv", "--target", "y"), 90, "unreadable_table"),
        (("--from", "none.csv", "--target", "y"), 20, "not_found"),
        (("--from", "t.csv", "--target", "y"), 91, "column_missing"),
        (("--from", "t.csv"), 2, "usage"),
        (("--template", "nope"), 20, "not_found"),
        (("--name", "Not Good"), 22, "invalid_name"),
    ):
        found, document = terminal.json("init", "p", *arguments)
        assert (found, document["error"]["id"]) == (code, id_)
        assert not (terminal.folder / "p").exists()


def test_another_project_s_spec_is_not_overwritten(terminal):
    (terminal.folder / "mlctl.toml").write_text("mine")
    code, document = terminal.json("init", "--template", "bike-demand")
    assert (code, document["error"]["id"]) == (31, "already_exists")
    assert (terminal.folder / "mlctl.toml").read_text() == "mine"
