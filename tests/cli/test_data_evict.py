"""`mlctl data evict` on the terminal."""


def test_the_plan_the_act_and_the_second_time(project):
    with (project.folder / ".mlctl/config.toml").open("a") as config:
        config.write('\n[remotes.origin]\nurl = "remote-store"\n')
    assert project.run("data", "add").returncode == 0
    done = project.run("data", "evict")
    assert done.returncode == 0, done.stderr
    assert "nothing to evict" in done.stdout
    assert "not on the remote" in done.stdout
    cache = next((project.folder / ".mlctl/cache/files/md5").glob("??/*"))
    there = project.folder / "remote-store/files/md5" / cache.parent.name / cache.name
    there.parent.mkdir(parents=True)
    there.write_bytes(cache.read_bytes())
    done = project.run("data", "evict", "rides")
    assert done.stdout.startswith("to evict: 1 files, ")
    assert "by reading back and hashing" in done.stdout
    code, document = project.json("data", "evict", "rides", "--yes")
    assert code == 0
    assert document["data"]["changed"]
    assert not cache.exists()
    assert project.run("data", "evict", "rides", "--yes").stdout == "nothing to evict\n"
