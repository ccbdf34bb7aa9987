"""The sense of a stage's gates: known metrics and slices, stages in an order without a circle."""

from mlctl.domain.duration import share
from mlctl.domain.fairness import by_group
from mlctl.domain.nearest import nearest
from mlctl.domain.spec import ModelSpec
from mlctl.domain.spec_gates import ApprovalsSpec, GateRule
from mlctl.domain.spec_rules import Problems, known_metric, lasting, once, problem, undeclared, valid_name
from mlctl.domain.spec_shape import dotted
from mlctl.domain.toml_lines import Path


def gate_problems(model: ModelSpec, path: Path) -> Problems:
    """Every problem of a model's gates."""
    for stage, gates in model.gates.items():
        at = (*path, stage)
        yield from valid_name("stage", stage, at)
        for key, rule in gates.rules.items():
            metric, _, part = key.partition("@")
            if by_group(key):
                yield from _fairness(model, rule, key, (*at, key))
                continue
            yield from known_metric(metric, model, (*at, key))
            part = part.removeprefix("slice:")
            if part and part != "slices" and part not in model.eval.slices:
                advice = f"declare it under slices in [{dotted((*path[:-1], 'eval'))}]"
                yield undeclared("slice", part, ["slices", *model.eval.slices], (*at, key), advice)
            yield from _rule(rule, key, (*at, key))
        if gates.after is not None:
            yield from _order(model, stage, gates.after, (*at, "after"))
        if gates.age is not None:
            yield from lasting(gates.age.max, (*at, "age", "max"), positive=True)
        for key in ("size_mb", "latency_ms", "memory_mb"):
            most = getattr(gates, key)
            if most is not None and most.max <= 0:
                yield problem((*at, key, "max"), f"{key} must be above 0")
        if gates.approvals is not None:
            yield from _approvals(gates.approvals, (*at, "approvals"))


def _fairness(model: ModelSpec, rule: GateRule, key: str, path: Path) -> Problems:
    column = key.partition("@")[2]
    if column not in model.eval.fairness:
        yield undeclared(
            "group column", column, model.eval.fairness, path, f"add {column!r} to eval.fairness"
        )
    if rule.max is None and rule.min is None:
        yield problem(path, f"gate {key!r} needs max or min")
    if rule.incumbent is not None:
        yield problem((*path, "incumbent"), f"gate {key!r} knows max and min alone")


def _rule(rule: GateRule, key: str, path: Path) -> Problems:
    if rule.max is None and rule.min is None and rule.incumbent is None:
        yield problem(path, f"gate {key!r} asks for nothing; give it max, min or incumbent")
    half, whole = 0.5, 1.0
    if not half <= rule.confidence < whole:
        yield problem(
            (*path, "confidence"), f"confidence {rule.confidence} must be at least 0.5 and less than 1"
        )
    if isinstance(rule.margin, str) and share(rule.margin) is None:
        yield problem(
            (*path, "margin"), f"margin {rule.margin!r} must be a number or a percentage such as '5%'"
        )
    if not isinstance(rule.margin, str) and rule.margin < 0:
        yield problem((*path, "margin"), "margin cannot be negative")
    if rule.min_rows < 0:
        yield problem((*path, "min_rows"), "min_rows cannot be negative")


def _approvals(asked: ApprovalsSpec, path: Path) -> Problems:
    if asked.count < 1:
        yield problem((*path, "count"), "count must be at least 1; leave approvals out to ask for none")
    yield from once([email.casefold() for email in asked.by], (*path, "by"))
    for index, email in enumerate(asked.by):
        if "@" not in email:
            yield problem((*path, "by", index), f"{email!r} is no e-mail")
    if asked.by and len(asked.by) < asked.count:
        yield problem((*path, "count"), f"count is {asked.count}, and by names {len(asked.by)}")
    if asked.signers is not None and not asked.signed:
        yield problem((*path, "signers"), "signers without signed = true; nothing would be asked of them")


def _order(model: ModelSpec, stage: str, after: str, path: Path) -> Problems:
    """The stage before is a name, most likely not a slip, and not one that waits for this stage."""
    yield from valid_name("stage", after, path)
    near = nearest(after, [name for name in model.gates if name != stage])
    if after not in model.gates and near is not None:
        yield problem(path, f"no stage {after!r} has gates", near)
    chain = [stage]
    before: str | None = after
    while before is not None and before not in chain:
        chain.append(before)
        before = model.gates[before].after if before in model.gates else None
    if before == stage:
        yield problem(path, f"stages wait for each other: {' after '.join([*chain, stage])}")
