"""Approvals: whose count, of what, and what a real signature proves."""

import subprocess

import msgspec
import pytest

from mlctl.domain.decision import Change, Draft
from mlctl.domain.errors import GateRefused, NameMoved, UsageError
from mlctl.domain.refs import approval
from mlctl.domain.requests.approve import ApproveRequest
from mlctl.domain.requests.fsck import FsckRequest
from mlctl.domain.requests.log import LogRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.push import PushRequest
from mlctl.domain.requests.remote_add import RemoteAddRequest
from mlctl.domain.requests.show import ShowRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.evidence.approvals import KIND, SIGNATURE, whose
from mlctl.verbs.approve import approve
from mlctl.verbs.fsck import fsck
from mlctl.verbs.log import log
from mlctl.verbs.promote import promote
from mlctl.verbs.push import push
from mlctl.verbs.remote_add import remote_add
from mlctl.verbs.show import show
from mlctl.verbs.train import train
from mlctl.verbs.undo import undo
from tests.verbs.learner import spec
from tests.verbs.signers import ADA, BEA, CLO, key_of, session_of, signers_text


@pytest.fixture
def made(learner):
    """A version that Ada has registered, under gates of production that `asking` writes."""
    asking(learner, "{ count = 1 }")
    train(learner.session(), TrainRequest())
    return learner


def asking(project, approvals):
    gates = f"[model.demand.gates.production]\napprovals = {approvals}\n"
    project.write("mlctl.toml", spec(refit="none", gates=gates))


def approved(project, email, **request):
    return approve(session_of(project, email), ApproveRequest(**request)).data


def refused(project, email=None, **request):
    """Why a promotion (or, with an e-mail, an approval) is refused."""
    verb, asked = (promote, PromoteRequest) if email is None else (approve, ApproveRequest)
    session = project.session() if email is None else session_of(project, email)
    with pytest.raises(GateRefused) as raised:
        verb(session, asked(**request))
    (reason,) = raised.value.facts["reasons"]
    assert reason["gate"] == "approvals"
    return reason["why"]


def test_a_promotion_waits_for_another_person_and_the_record_names_them(made):
    assert "asks for an approval by another person, and demand@1 is approved by nobody" in refused(made)
    given = approved(made, BEA, reason="looked at the slices")
    assert (given.email, given.stage, given.version, given.changed) == (BEA, "production", 1, True)
    assert given.vouched == "unverified: it is not signed"
    done = promote(made.session(), PromoteRequest()).data
    entry = made.session().repository.decisions.get(done.decision).entry
    (one,) = entry.evidence["approvals"]
    assert (one["email"], one["decision"], one["key"]) == (BEA, given.decision, None)
    assert "approved by Bea <bea@example.org>" in done.held[0].why


@pytest.mark.parametrize("email", [ADA, "Ada@Example.ORG"])
def test_the_author_cannot_approve_whatever_the_case_of_the_e_mail(made, email):
    decisions = made.decisions()
    assert "ada@example.org has registered demand@1; another person" in refused(made, email)
    assert made.decisions() == decisions


def test_nobody_without_an_e_mail_can_approve(made):
    assert "git config user.email" in refused(made, "")


def test_an_approval_of_the_author_in_the_log_does_not_count_all_the_same(made):
    repository = made.session().repository
    digest = repository.decisions.names().value("models/demand/1")
    name = approval("demand", digest, "production", whose(ADA))
    repository.decisions.commit(
        lambda _names: Draft(kind=KIND, changes=(Change(name=name, old=None, new=digest),)),
        actor=made.session().actor,
        command="by hand",
        now=made.session().now,
    )
    assert "does not count: who registered a version does not approve it" in refused(made)


def test_nobody_counts_twice_not_even_under_two_names_of_the_log(made):
    asking(made, "{ count = 2 }")
    approved(made, BEA)
    repository = made.session().repository
    digest = repository.decisions.names().value("models/demand/1")
    name = approval("demand", digest, "production", whose("somebody else"))
    repository.decisions.commit(
        lambda _names: Draft(kind=KIND, changes=(Change(name=name, old=None, new=digest),)),
        actor=session_of(made, BEA.upper()).actor,
        command="by hand",
        now=made.session().now,
    )
    assert "asks for 2 of an approval" in refused(made)


def test_only_named_people_count_and_as_many_as_asked(made):
    asking(made, f'{{ count = 2, by = ["{BEA}", "Clo@example.org"] }}')
    assert "not by dan@example.org" in refused(made, "dan@example.org")
    approved(made, BEA)
    assert f"asks for 2 of an approval by {BEA} or Clo@example.org" in refused(made)
    approved(made, CLO)
    assert promote(made.session(), PromoteRequest()).data.changed


def test_it_is_of_one_version_and_one_stage(made):
    approved(made, BEA, to="staging")
    assert "approved by nobody" in refused(made)
    approved(made, BEA)
    train(made.session(), TrainRequest(set=("alpha=0.5",)))
    assert "demand@2 is approved by nobody" in refused(made)
    assert promote(made.session(), PromoteRequest(model="demand@1")).data.changed


def test_undo_takes_it_back_and_the_same_again_decides_nothing(made):
    first = approved(made, BEA)
    again = approved(made, BEA)
    assert (again.changed, again.decision) == (False, first.decision)
    undo(session_of(made, BEA), UndoRequest())
    assert "approved by nobody" in refused(made)
    decisions = made.decisions()
    assert approved(made, BEA, dry_run=True).changed
    assert made.decisions() == decisions


def test_a_push_asks_again_who_has_approved(made, tmp_path):
    remote = tmp_path / "remote"
    remote_add(made.session(), RemoteAddRequest(name="origin", url=str(remote)))
    push(made.session(), PushRequest())
    remote.rename(tmp_path / "away")
    approved(made, BEA)
    assert promote(made.session(), PromoteRequest()).data.published is False
    (tmp_path / "away").rename(remote)
    asking(made, f'{{ count = 2, by = ["{BEA}", "{CLO}"] }}')
    with pytest.raises(NameMoved, match="production asks for 2 of an approval"):
        push(made.session(), PushRequest())
    approved(made, CLO)
    push(made.session(), PushRequest())
    assert not made.session().repository.decisions.waiting()


class TestSigned:
    @pytest.fixture
    def keys(self, made, tmp_path):
        """Bea's and Clo's keys; who may sign stands in a file of the project."""
        found = {email: key_of(tmp_path, email.partition("@")[0]) for email in (BEA, CLO)}
        made.write("signers", signers_text(found))
        asking(made, '{ signed = true, signers = "signers" }')
        return found

    def test_a_signature_by_the_right_key_is_verified_and_shown(self, made, keys):
        approved(made, BEA)
        assert "does not count: it is not signed" in refused(made)
        given = approved(made, BEA, sign=str(keys[BEA]))  # a signed one replaces one that is not
        assert given.vouched.startswith("signed by SHA256:")
        shown = show(made.session(), ShowRequest(selector="demand@1")).data.related["approvals"]
        assert [one["vouched"] for one in shown] == [given.vouched]
        newest = log(made.session(), LogRequest(limit=1)).data.decisions[0]
        assert newest.summary == (f"demand@1 approved for production, {given.vouched}",)
        done = promote(made.session(), PromoteRequest()).data
        entry = made.session().repository.decisions.get(done.decision).entry
        assert entry.evidence["approvals"][0]["key"] == given.vouched.removeprefix("signed by ")
        fsck(made.session(), FsckRequest())  # raises where anything is wrong

    def test_a_signature_by_somebody_elses_key_is_unverified(self, made, keys):
        given = approved(made, BEA, sign=str(keys[CLO]))
        assert given.vouched == f"unverified: no key of {BEA} in signers has signed it"
        assert "does not count" in refused(made)

    def test_the_case_of_the_e_mail_does_not_matter_to_a_signature_either(self, made, keys):
        assert approved(made, "Bea@Example.org", sign=str(keys[BEA])).vouched.startswith("signed by")

    def test_a_signature_of_another_version_or_stage_is_none(self, made, keys):
        session = session_of(made, BEA)
        train(made.session(), TrainRequest(set=("alpha=0.5",)))
        approve(session, ApproveRequest(model="demand@1", sign=str(keys[BEA])))
        decisions = made.session().repository.decisions
        signature = decisions.get(decisions.names().head).entry.evidence[SIGNATURE]
        digest = decisions.names().value("models/demand/2")
        name = approval("demand", digest, "production", whose(BEA))
        decisions.commit(
            lambda _names: Draft(
                kind=KIND,
                changes=(Change(name=name, old=None, new=digest),),
                evidence={SIGNATURE: signature},
            ),
            actor=session.actor,
            command="by hand",
            now=session.now,
        )
        assert "has signed it" in refused(made, model="demand@2")
        assert promote(made.session(), PromoteRequest(model="demand@1")).data.changed

    def test_the_file_of_git_is_asked_where_the_spec_names_none(self, made, keys):
        asking(made, "{ signed = true }")
        given = approved(made, BEA, sign=str(keys[BEA]))
        assert given.vouched == "unverified: no file says who may sign"
        words = ["git", "config", "gpg.ssh.allowedSignersFile", str(made.root / "signers")]
        subprocess.run(words, check=True, cwd=made.root)
        assert promote(made.session(), PromoteRequest()).data.changed

    def test_a_key_that_is_taken_out_of_the_file_counts_no_more(self, made, keys):
        approved(made, BEA, sign=str(keys[BEA]))
        made.write("signers", signers_text({CLO: keys[CLO]}))
        assert "does not count" in refused(made)

    def test_a_key_that_is_none_is_refused_and_nothing_is_decided(self, made, keys, tmp_path):
        broken = tmp_path / "broken"
        broken.write_text("no key")
        broken.chmod(0o600)
        decisions = made.decisions()
        for sign in (broken, tmp_path / "missing"):
            with pytest.raises(UsageError, match=r"there is no key|can't sign"):
                approved(made, BEA, sign=str(sign))
        assert made.decisions() == decisions
        assert keys


def test_a_signature_survives_as_json(made):
    entry = made.session().repository.decisions.get(approved(made, BEA).decision).entry
    assert msgspec.to_builtins(entry)["evidence"] == {SIGNATURE: None}
