"""`mlctl gc` in a terminal."""

import hashlib
import json


def test_the_plan_then_the_act_then_back(terminal):
    terminal.run("init")
    data = b"stray"
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    path = terminal.folder / ".mlctl/cache/files/md5" / md5[:2] / md5[2:]
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    young = terminal.run("gc")
    assert young.stdout.splitlines() == [
        "nothing to collect: everything is needed or young",
        "too young: 1 file (5 B)",
    ]
    planned = terminal.run("gc", "--older-than", "0s")
    assert planned.stdout.splitlines()[:2] == [
        "would move to the trash: 1 file (5 B) of data",
        f"  files/md5/{md5[:2]}/{md5[2:]}",
    ]
    assert path.exists()
    code, document = terminal.json("gc", "--older-than", "0s", "--yes")
    assert code == 0
    assert document["schema"] == "mlctl.gc/1"
    assert document["data"]["changed"] is True
    assert document["next"] == ["mlctl gc --restore"]
    assert not path.exists()
    assert "brought back: 1 file (5 B)" in terminal.run("gc", "--restore").stdout
    assert path.read_bytes() == data


def test_two_acts_are_a_usage_error(terminal):
    terminal.run("init")
    code, document = terminal.json("gc", "--restore", "--empty")
    assert code == 2
    assert "different acts" in json.dumps(document)
