"""Items of the score for the infrastructure: what the record of one model shows of them."""

from collections.abc import Callable, Mapping

from mlctl.domain.refs import model_version
from mlctl.domain.score import AUTOMATED, BY_HAND, Finding, Proof
from mlctl.domain.sharing import spoken
from mlctl.domain.spec_gates import StageGates
from mlctl.evidence.lifetime import AUTOMATIC, Lifetime, by_machine, forced, proof_of
from mlctl.evidence.verdicts import gates_digest

_NONE = gates_digest(StageGates())
"""Of a stage without gates."""


def _reproducible(life: Lifetime) -> Finding:
    """The version was fitted again from its record, and the same came of it.

    What came out otherwise since other libraries computed, or code has changed, says nothing of the training.
    """
    if life.number is None:
        return Finding(points=0, why="no version has been trained", next=f"mlctl train {life.model}")
    again = f"mlctl reproduce {life.label}"
    elsewhere = {"library build", "code or data changed"}
    proofs = [
        (
            one,
            Proof(
                kind="reproduction",
                id=digest,
                told=f"{one.outcome}, {one.where}{_via(one.actor.via)}, {one.created_at[:10]}",
            ),
        )
        for digest, one in life.reproductions
    ]
    counted = [pair for pair in proofs if pair[0].equal or pair[0].cause not in elsewhere]
    if not counted:
        told = tuple(proof for _, proof in proofs[-1:])
        why = f"{life.label} has not been fitted again from its record with the same result"
        return Finding(points=0, why=why, proofs=told, next=again)
    last, proof = counted[-1]
    if not last.equal:
        why = f"{life.label} did not reproduce: {last.outcome}"
        return Finding(points=0, why=why, proofs=(proof,), next=again)
    by_ci = [proof for one, proof in counted if one.equal and one.actor.via in AUTOMATIC]
    if by_ci:
        return Finding(points=AUTOMATED, why="a machine has fitted it again: equal", proofs=tuple(by_ci[-1:]))
    why = "it was fitted again by hand: equal; CI has not done it"
    return Finding(points=BY_HAND, why=why, proofs=(proof,), next=f"{again} --fits 1")


def _via(via: str) -> str:
    return f" via {via}" if via in AUTOMATIC else ""


def _behaves(life: Lifetime) -> Finding:
    """Declared tests of behaviour, run on the version with its evaluation."""
    more = f"mlctl spec explain model.{life.model}"
    tested = [(digest, one.behaviour) for digest, one in life.evaluated if any(t.rows for t in one.behaviour)]
    if not tested:
        return Finding(points=0, why="no test of its behaviour has been run (tests)", next=more)
    digest, tests = tested[-1]
    failed = [one.name for one in tests if not one.passed]
    told = f"{len(tests) - len(failed)} of {len(tests)} tests of behaviour passed"
    proof = Proof(kind="evaluation", id=digest, told=told)
    if failed:
        why = f"tests of behaviour did not pass: {', '.join(failed)}"
        return Finding(points=0, why=why, proofs=(proof,), next=_evaluating(life))
    passed = life.passed_on.behaviour if life.passed_on is not None else ()
    if life.ours is None or not any(one.required and one.rows for one in passed):
        why = "tests of behaviour passed; no promotion has required that"
        return Finding(points=BY_HAND, why=why, proofs=(proof,), next=more)
    proofs = (proof, proof_of(life.ours, "promoted, with tests of behaviour required"))
    return Finding(points=AUTOMATED, why="required tests of behaviour passed", proofs=proofs)


def _pipeline(life: Lifetime) -> Finding:
    """One version's whole way: registered, promoted through gates, answering."""
    if life.number is None:
        return Finding(points=0, why="no version has been trained", next=f"mlctl train {life.model}")
    registered, ours = life.made(model_version(life.model, life.number)), life.ours
    if registered is None or ours is None or forced(ours):
        why = f"{life.label} has not gone from training to {life.stage} through its gates"
        return Finding(points=0, why=why, next=_promoting(life))
    proofs = (proof_of(registered, "registered"), proof_of(ours, f"promoted to {life.stage}"))
    if registered.actor.via in AUTOMATIC and ours.actor.via in AUTOMATIC:
        why = "a machine has taken it from training to its stage, through the gates"
        return Finding(points=AUTOMATED, why=why, proofs=proofs)
    answered = [(digest, one) for digest, one in life.reports if life.windows(one)]
    if not answered:
        why = "taken from training to its stage by hand; no answer of it has been looked at"
        return Finding(points=0, why=why, proofs=proofs, next=f"mlctl monitor {life.model}@{life.stage}")
    seen = Proof(kind="report", id=answered[-1][0], told="its answers were looked at")
    why = "the whole way was gone by hand; CI or the loop has not done it"
    return Finding(points=BY_HAND, why=why, proofs=(*proofs, seen), next="mlctl loop --help")


def _validated(life: Lifetime) -> Finding:
    """The promotions to the stage passed gates that asked for something, unforced."""
    if life.ours is None:
        return Finding(points=0, why=f"{life.label} was not promoted to {life.stage}", next=_promoting(life))
    gates = f"mlctl spec explain model.{life.model}.gates"
    if str(life.ours.evidence.get("gates")) == _NONE:
        why = f"{life.stage} had no gates when {life.label} was promoted"
        return Finding(points=0, why=why, proofs=(proof_of(life.ours, "promoted without gates"),), next=gates)
    over = [entry for entry in life.promotions if forced(entry)]
    if forced(life.ours):
        why = f"{life.label} was promoted over the refusal of its gates"
        told = f"forced: {life.ours.reason}"
        return Finding(points=0, why=why, proofs=(proof_of(life.ours, told),), next=_evaluating(life))
    count = len(life.promotions)
    passed = proof_of(life.ours, f"{life.label} passed the gates of {life.stage}, unforced")
    if over:
        why = f"{len(over)} of {count} promotions to {life.stage} were forced"
        proofs = (passed, proof_of(over[-1], f"forced: {over[-1].reason}"))
        return Finding(points=BY_HAND, why=why, proofs=proofs, next=f"mlctl show {spoken(over[-1].number)}")
    why = f"all promotions to {life.stage} passed its gates, unforced: {count}"
    return Finding(points=AUTOMATED, why=why, proofs=(passed,))


def _debuggable(life: Lifetime) -> Finding:
    """Answers are logged with their inputs, and their model, run and data are on record."""
    seen = [(digest, window) for digest, one in life.reports for window in life.windows(one)]
    if not seen or life.run is None:
        why = "no logged answer of the version is known to the monitor"
        return Finding(points=0, why=why, next=_serving(life))
    digest, window = seen[-1]
    told = f"{window.rows} answers from {window.start[:10]} on are logged with their inputs"
    proofs = (
        Proof(kind="report", id=digest, told=told),
        Proof(kind="run", id=life.run.run, told="the run that made the model"),
    )
    why = "each answer leads to its inputs, model, run and data by `mlctl blame`"
    return Finding(points=BY_HAND, why=why, proofs=proofs, next="mlctl blame --help")


def _canaried(life: Lifetime) -> Finding:
    """The version answered in another stage before it was promoted to this one."""
    more = f"mlctl spec explain model.{life.model}.gates"
    ours = life.ours
    before = [
        (digest, one)
        for digest, one in life.reports
        if ours is not None
        and one.stage != life.stage
        and one.created_at <= ours.committed_at
        and any(window.rows for window in life.windows(one))
    ]
    if ours is None or not before:
        why = f"{life.label} is not known to have answered anywhere before {life.stage}"
        return Finding(points=0, why=why, next=more)
    digest, report = before[-1]
    rows = sum(window.rows for window in life.windows(report))
    seen = Proof(kind="report", id=digest, told=f"{rows} answers in {report.stage}")
    asked = [one for one in ours.evidence.get("held", ()) if one.get("gate") == "after"]
    if asked and not forced(ours):
        proofs = (seen, proof_of(ours, asked[0]["why"]))
        return Finding(points=AUTOMATED, why="it answered in a stage before, as a gate asks", proofs=proofs)
    why = "it answered in a stage before; no gate asks for that"
    return Finding(points=BY_HAND, why=why, proofs=(seen,), next=more)


def _rolled_back(life: Lifetime) -> Finding:
    """Rollbacks of the stage, and promotions that were undone."""
    found = life.rolled_back
    if not found:
        why = f"nobody has ever rolled {life.stage} back"
        able = life.staged and len(life.promotions) > 1
        told = f"mlctl rollback {life.stage} --model {life.model} --dry-run"
        return Finding(points=0, why=why, next=told if able else _promoting(life))
    proofs = tuple(
        proof_of(entry, entry.kind if entry.kind == "rollback" else "promotion, undone")
        for entry in found[-3:]
    )
    if len(found) > 1 or by_machine(found):
        return Finding(
            points=AUTOMATED, why=f"{life.stage} was rolled back {len(found)} times", proofs=proofs
        )
    why = f"{life.stage} was rolled back once, by hand"
    return Finding(points=BY_HAND, why=why, proofs=proofs, next="mlctl rollback --help")


def _evaluating(life: Lifetime) -> str:
    return f"mlctl train {life.model}" if life.number is None else f"mlctl eval {life.label}"


def _promoting(life: Lifetime) -> str:
    if life.number is None:
        return f"mlctl train {life.model}"
    return f"mlctl train {life.model}" if life.staged else f"mlctl promote {life.label} --to {life.stage}"


def _serving(life: Lifetime) -> str:
    return f"mlctl monitor {life.model}@{life.stage}" if life.staged else _promoting(life)


JUDGES: Mapping[str, Callable[[Lifetime], Finding]] = {
    "infra_1": _reproducible,
    "infra_2": _behaves,
    "infra_3": _pipeline,
    "infra_4": _validated,
    "infra_5": _debuggable,
    "infra_6": _canaried,
    "infra_7": _rolled_back,
}
"""By item; of the others only people know."""
