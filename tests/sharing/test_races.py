"""Twenty processes that push versions and promotions to one S3 remote over a line that fails."""

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from mlctl.builtin.remotes.s3 import S3Remote
from mlctl.domain.names import Names
from mlctl.domain.progress import silent
from mlctl.domain.requests.clone import CloneRequest
from mlctl.sharing.shared_log import SharedLog
from mlctl.verbs.clone import clone
from tests.remote_servers import make_bucket, s3_options, s3_server
from tests.sharing.faulty import FAULTS, faulty_line
from tests.verbs.teams import Member, Team

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MANY = 20
SEED = int(os.environ.get("MLCTL_SEED", "7"))
PATIENCE = 1.0  # seconds


def shared(team, url, options):
    """The project with its first version on the bucket, over a line that does not fail."""
    first = team.first
    config = first.repository.layout.config
    remote = "".join(f'{key} = "{value}"\n' for key, value in options.items() if "secret" not in key)
    secret = "".join(f'{key} = "{value}"\n' for key, value in options.items() if "secret" in key)
    remote = remote.replace(f'access_key_id = "{options["access_key_id"]}"\n', "")
    secret += f'access_key_id = "{options["access_key_id"]}"\n'
    config.write_text(
        f'id = "{first.repository.id}"\n[remotes.origin]\nurl = "{url}"\ndefault = true\n{remote}'
    )
    config.with_name("config.local.toml").write_text(f"[remotes.origin]\n{secret}")
    first.push()


def clones(team, options, endpoint):
    """Copies of the first repository, each with the failing line for its remote."""
    roots = []
    base = team.first.root
    for number in range(MANY):
        root = team.folder / f"person{number}"
        subprocess.run(["cp", "-r", str(base), str(root)], check=True)
        config = root / ".mlctl" / "config.toml"
        config.write_text(
            config.read_text().replace(options["endpointurl"], endpoint) + f"read_timeout = {PATIENCE}\n"
        )
        roots.append(root)
    return roots


@pytest.mark.timeout(600)
def test_twenty_pushing_processes_lose_nothing_and_each_race_has_one_winner(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    team = Team(tmp_path)
    with s3_server() as server, faulty_line(server, SEED, share=0.1, patience=PATIENCE) as (endpoint, line):
        url, options = make_bucket(server, "races"), s3_options(server)
        shared(team, url, options)
        roots = clones(team, options, endpoint)
        job = tmp_path / "job.json"
        job.write_text(json.dumps({"roots": [str(root) for root in roots]}))
        done = subprocess.run(
            [sys.executable, "-m", "tests.sharing.racers", str(job)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=550,
            check=False,
        )
        errors = [path.read_text() for path in tmp_path.glob("person*.err")]
        assert done.returncode == 0, (errors, done.stderr[-2000:])
        assert all(line.seen[fault] for fault in FAULTS), line.seen
        told = [json.loads(Path(f"{root}.json").read_text()) for root in roots]
        with closing(S3Remote().open(url, options)) as store:
            log = SharedLog(store)
            entries = log.after(0)
            names = log.follow(Names(), entries)  # the chain and the fold hold
        look_at_the_log(entries, names, told)
        look_at_clones(team, url, options, entries, roots)


def look_at_the_log(entries, names, told):
    ids = [one.entry.id for one in entries]
    assert len(set(ids)) == len(ids)
    versions = names.versions("models/demand")
    assert {one["version"] for one in told} <= set(versions.values())
    assert len(versions) == MANY + 1
    tried = [promotion for one in told for promotion in one["promotions"] if promotion["id"]]
    won = {promotion["decision"]: promotion for promotion in tried if promotion["decision"] is not None}
    lost = [promotion for promotion in tried if promotion["decision"] is None]
    assert won
    assert all(promotion["lost"] for promotion in lost)
    assert not {promotion["id"] for promotion in lost} & set(ids)
    held = None
    promotions = [one.entry for one in entries if one.entry.kind == "promote"]
    assert [entry.number for entry in promotions] == sorted(won)
    for entry in promotions:  # each stood on what the one before it had done
        assert (entry.id, entry.changes[0].old) == (won[entry.number]["id"], held)
        held = entry.changes[0].new
    assert all(one["waiting"] == 0 for one in told)


def look_at_clones(team, url, options, entries, roots):
    flags = tuple(f"{key}={value}" for key, value in options.items())
    request = CloneRequest(url=url, folder=str(team.folder / "fresh"), options=flags)
    assert clone(request, report=silent, command="").data.decisions == len(entries)
    fresh = Member(team.folder / "fresh")
    assert fresh.problems() == ()
    for root in (*roots[:3], team.first.root):
        config = root / ".mlctl" / "config.toml"
        config.write_text((team.first.root / ".mlctl" / "config.toml").read_text())
        member = Member(root)
        member.pull()
        assert member.problems() == ()
        assert member.repository.decisions.names().effects == fresh.repository.decisions.names().effects
