"""Approvals of a version for a stage: whose they are, whether a signature vouches for them, which count.

An approval is of a digest. Who registered the version can't approve it; two people are told apart by e-mail.
"""

from hashlib import sha256
from typing import Any

import msgspec

from mlctl.domain.decision import Actor, Entry
from mlctl.domain.gate import Reason
from mlctl.domain.names import Names
from mlctl.domain.records import encode
from mlctl.domain.refs import REPOSITORY, approvals, model_version
from mlctl.domain.sharing import spoken
from mlctl.domain.spec_gates import ApprovalsSpec
from mlctl.project.declared import gates_of
from mlctl.project.session import Session
from mlctl.workspace.signing import Verdict, signers_of_git, verified

KIND = "approve"
SIGNATURE = "signature"
"""The key of an approval's evidence that holds its signature, or null."""

_UNSIGNED = Verdict(why="it is not signed")


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """One that stands.

    Attributes:
        email: of whom it is.
        key: fingerprint of the key that signed it; None where it is not verified.
        why: why it is not.
    """

    stage: str
    by: str
    email: str
    time: str
    reason: str | None
    decision: int
    key: str | None
    why: str = ""

    @property
    def told(self) -> str:
        """`Bea <bea@example.org> (decision 9, signed by SHA256:...)`."""
        return f"{self.by} <{self.email}> (decision {spoken(self.decision)}, {self.vouched})"

    @property
    def vouched(self) -> str:
        """What vouches for it: `signed by SHA256:...`, or `unverified: it is not signed`."""
        return f"signed by {self.key}" if self.key else f"unverified: {self.why}"


def statement(repository: str, digest: str, stage: str, email: str) -> bytes:
    """What an approver signs."""
    told = {"approves": digest, "email": email, "repository": repository, "stage": stage}
    return encode(told)


def whose(email: str) -> str:
    """An e-mail as part of a name of the log."""
    return sha256(email.casefold().encode()).hexdigest()[:16]


def rules_for(session: Session, model: str, stage: str) -> ApprovalsSpec:
    """What today's spec asks of approvals; its defaults where it asks for none."""
    return gates_of(session, model, stage).approvals or ApprovalsSpec()


def author_of(session: Session, names: Names, model: str, number: int) -> Actor | None:
    """Who registered a version; None where the log does not say."""
    last = names.last_effect(model_version(model, number))
    return None if last is None else session.repository.decisions.get(last).entry.actor


def same_person(one: Actor, other: Actor) -> bool:
    """Whether two actors can't be told apart; by e-mail where both have one."""
    if one.email and other.email:
        return one.email.casefold() == other.email.casefold()
    return one.user == other.user


def approvals_of(
    session: Session, names: Names, model: str, digest: str, rules: dict[str, ApprovalsSpec]
) -> tuple[Approval, ...]:
    """Every approval of a version that stands, oldest first.

    Args:
        session: of the project.
        names: of the moment.
        model: its name.
        digest: of the version's tested artefact.
        rules: by stage, which file says who may sign.
    """
    found = []
    for name in names.under(f"{approvals(model, digest)}/"):
        number = names.last_effect(name)
        if number is not None:
            entry = session.repository.decisions.get(number).entry
            stage = name.split("/")[3]
            found.append(_approval(session, names, entry, stage, digest, rules.get(stage, ApprovalsSpec())))
    return tuple(sorted(found, key=lambda one: one.decision))


def approval_told(session: Session, names: Names, entry: Entry) -> Approval | None:
    """The approval that an entry gives, or None."""
    for change in entry.changes:
        parts = change.name.split("/")
        if entry.kind == KIND and parts[0] == "approvals" and change.new is not None:
            _kind, model, digest, stage, _who = parts
            return _approval(session, names, entry, stage, digest, rules_for(session, model, stage))
    return None


def judged_approvals(
    session: Session, names: Names, version: tuple[str, int, str], stage: str, rules: ApprovalsSpec
) -> tuple[bool, Reason]:
    """Whether enough people have approved a version (model, number, digest) for a stage, and who."""
    model, number, digest = version
    author = author_of(session, names, model, number)
    allowed = {email.casefold() for email in rules.by}
    count: dict[str, str] = {}  # by e-mail: nobody counts twice
    refused = []
    for one in approvals_of(session, names, model, digest, {stage: rules}):
        if one.stage != stage:
            continue
        why = _against(one, author, allowed, signed=rules.signed)
        if why is None:
            count[one.email.casefold()] = one.told
        else:
            refused.append(f"{one.told} does not count: {why}")
    held = len(count) >= rules.count
    kind = "a signed approval" if rules.signed else "an approval"
    asked = f"{kind} by {' or '.join(rules.by) or 'another person'}"
    wanted = f"{rules.count} of {asked}" if rules.count > 1 else asked
    has = f"approved by {', '.join(count.values())}" if count else "approved by nobody"
    why = f"{model}@{number} is {has}"
    if not held:
        why = "; ".join([f"{stage} asks for {wanted}, and {why}", *refused])
    return held, Reason(
        gate="approvals", slice=None, value=float(len(count)), limit=float(rules.count), why=why
    )


def as_evidence(found: tuple[Approval, ...], stage: str) -> list[dict[str, Any]]:
    """The approvals for a stage, for the record."""
    return [
        {"email": one.email, "decision": one.decision, "key": one.key, "told": one.vouched}
        for one in found
        if one.stage == stage
    ]


def _against(one: Approval, author: Actor | None, allowed: set[str], *, signed: bool) -> str | None:
    if author is not None and author.email and author.email.casefold() == one.email.casefold():
        return "who registered a version does not approve it"
    if allowed and one.email.casefold() not in allowed:
        return "it is not one of those who may"
    return one.why if signed and one.key is None else None


def _approval(
    session: Session, names: Names, entry: Entry, stage: str, digest: str, rules: ApprovalsSpec
) -> Approval:
    email = entry.actor.email or ""
    signature = entry.evidence.get(SIGNATURE)
    found = _UNSIGNED
    if signature is not None:
        text = statement(str(names.value(REPOSITORY)), digest, stage, email)
        signers = session.root / rules.signers if rules.signers else signers_of_git(session.root)
        found = verified(text, str(signature), email, signers)
    return Approval(
        stage=stage,
        by=entry.actor.name or entry.actor.user,
        email=email,
        time=entry.committed_at,
        reason=entry.reason,
        decision=entry.number,
        key=found.key,
        why=found.why,
    )
