"""`mlctl approve` in a terminal and for programs, with a real key."""

import json
import os
import subprocess
import sys

import pytest

from mlctl.domain.decision import Actor, Change, Draft
from mlctl.store.repository import Repository
from tests.store import full
from tests.verbs.signers import BEA, key_of, signers_text


@pytest.fixture
def project(tmp_path):
    session = full.session(tmp_path / "project")
    full.life(session)
    return session.root


def mlctl(project, email, *argv):
    return subprocess.run(
        [sys.executable, "-m", "mlctl", "-C", str(project), *argv],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "GIT_AUTHOR_EMAIL": email, "GIT_AUTHOR_NAME": "Bea"},
    )


def test_an_approval_that_is_signed_is_shown_as_such_and_one_that_is_not_as_unverified(project, tmp_path):
    key = key_of(tmp_path, "bea")
    signers = tmp_path / "signers"
    signers.write_text(signers_text({BEA: key}))
    subprocess.run(["git", "init", "-q"], check=True, cwd=project)
    subprocess.run(["git", "config", "gpg.ssh.allowedSignersFile", str(signers)], check=True, cwd=project)
    plain = mlctl(project, BEA, "approve", "demand@2")
    assert (plain.returncode, plain.stderr) == (0, "")
    said = f"demand@2 is approved for production by {BEA}, unverified: it is not signed, decision 7\n"
    assert plain.stdout == said
    signed = mlctl(project, BEA, "approve", "demand@2", "--sign", str(key), "--json")
    assert json.loads(signed.stdout)["data"]["vouched"].startswith("signed by SHA256:")
    assert "signed by SHA256:" in mlctl(project, BEA, "log").stdout
    assert f"by Bea <{BEA}>" in mlctl(project, BEA, "show", "demand@2").stdout


def test_the_author_is_refused_with_exit_40(project):
    repository = Repository.find(project)
    two = repository.decisions.names().value("models/demand/2")
    repository.decisions.commit(
        lambda _names: Draft(kind="train", changes=(Change(name="models/demand/3", old=None, new=two),)),
        actor=Actor(email=BEA.upper(), user="u", host="h", via="terminal"),
        command="mlctl train",
        now=lambda: full.T,
    )
    refused = mlctl(project, BEA, "approve", "demand@3", "--json")
    answer = json.loads(refused.stdout)
    assert (refused.returncode, answer["error"]["id"]) == (40, "gate_refused")
    assert answer["error"]["facts"]["reasons"][0]["gate"] == "approvals"
    assert "another person has to approve it" in answer["error"]["message"]
