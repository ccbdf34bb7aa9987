"""What a model card says of a version itself: what it predicts, is for, takes and learnt from."""

from mlctl.datasets.provenance import person
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.digits import digits
from mlctl.domain.errors import MlctlError
from mlctl.domain.model import Input, ModelVersion
from mlctl.domain.refs import dataset_version, model_version
from mlctl.domain.requests.card import CardLine, CardSection, CardTable
from mlctl.domain.sharing import spoken
from mlctl.domain.spec_told import CardSpec
from mlctl.evidence.lifetime import AUTOMATIC, Lifetime

_VALUES = 8
"""Categories that are listed; of more, the first."""


def details(life: Lifetime) -> CardSection:
    """What it is, and who made it."""
    version, run = life.version, life.run
    registered = life.made(model_version(life.model, life.number or 0))
    by = "version"
    lines = [CardLine(name="predicts", text=_predicts(life), source=by)]
    lines.append(CardLine(name="model version", text=f"{life.label}, digest {life.digest}", source=by))
    if life.version is not None and life.version.signature.threshold is not None:
        lines.append(CardLine(name="decides", text=_decides(life.version), source=by))
    algorithm = None if version is None else f"{version.estimator} ({version.flavor})"
    lines.append(CardLine(name="algorithm", text=algorithm, source=by))
    ran = "run" if run is None else f"run {run.run}"
    set_ = None if run is None else ", ".join(f"{k} = {v}" for k, v in sorted(run.parameters.items()))
    told = "the estimator's own" if set_ == "" else set_
    seed = None if run is None else str(run.seed)
    code = None if run is None or run.code.commit is None else f"commit {run.code.commit}"
    if code is not None and run is not None and run.code.dirty:
        code += ", with changes that were not committed"
    lines += [
        CardLine(name="parameters", text=told, source=ran),
        CardLine(name="seed", text=seed, source=ran),
        CardLine(name="code", text=code, source=ran),
    ]
    lines.append(_reproduced(life))
    made, decision = None, "decision"
    if registered is not None:
        actor = registered.actor
        made = f"{person(actor.name or actor.user, actor.email)}, {registered.committed_at}"
        decision = f"decision {spoken(registered.number)}"
    lines.append(CardLine(name="registered by", text=made, source=decision))
    lines.append(CardLine(name="contact", text=_contact(life), source="spec"))
    return CardSection(title="Model", lines=tuple(lines))


def _reproduced(life: Lifetime) -> CardLine:
    """What the newest fit from the record gave."""
    if not life.reproductions:
        return CardLine(name="reproduced", text=None, source="reproduction")
    digest, one = life.reproductions[-1]
    via = f" via {one.actor.via}" if one.actor.via in AUTOMATIC else ""
    who = person(one.actor.name or one.actor.user, one.actor.email)
    text = f"{one.outcome}, {one.created_at} by {who}{via}, {one.where}"
    return CardLine(name="reproduced", text=text, source=f"reproduction {digest[:12]}")


def _decides(version: ModelVersion) -> str:
    signature = version.signature
    said = f"{signature.positive} from a probability of {digits(signature.threshold or 0.0)} on"
    if signature.costs is not None:
        costs = " and ".join(digits(one) for one in signature.costs)
        said += f"; a false positive and a false negative cost {costs}"
    return said if version.searched is None else f"{said}; {version.searched.told}"


def _predicts(life: Lifetime) -> str | None:
    if life.version is None:
        return None
    signature = life.version.signature
    classes = f" of {', '.join(signature.classes)}" if signature.classes else ""
    positive = f", positive is {signature.positive}" if signature.positive is not None else ""
    level = f", quantile {signature.quantile:g}" if signature.quantile is not None else ""
    return f"{signature.target} ({signature.task}{classes}{positive}{level})"


def _contact(life: Lifetime) -> str | None:
    own = _words(life).contact
    try:
        return own or life.session.spec.project.owner
    except MlctlError:
        return own


def _words(life: Lifetime) -> CardSpec:
    return life.spec.card if life.spec is not None else CardSpec()


def intended(life: Lifetime) -> CardSection:
    """What it is for, in the words of people."""
    words = _words(life)
    return CardSection(
        title="Intended use",
        lines=(
            CardLine(name="purpose", text=words.purpose, source="spec"),
            CardLine(name="limits", text=words.limits, source="spec"),
        ),
    )


def inputs(life: Lifetime) -> CardSection:
    """Features with type, treatment and what was seen of them in training."""
    version = life.version
    if version is None:
        return CardSection(title="Inputs", lines=(CardLine(name="features", text=None, source="version"),))
    how = {one.column: one.treatment for one in version.features}
    rows = tuple(
        (one.name, one.type, how.get(one.name, one.role), seen(one) or "-", "yes" if one.nullable else "no")
        for one in version.signature.inputs
    )
    table = CardTable(
        title="Columns of a request",
        head=("column", "type", "treatment", "seen in training", "may be missing"),
        rows=rows,
        source="version",
    )
    return CardSection(title="Inputs", tables=(table,))


def seen(one: Input) -> str:
    """The range or the categories of an input in training; "" where none is kept."""
    if one.categories:
        more = f" and {len(one.categories) - _VALUES} more" if len(one.categories) > _VALUES else ""
        return f"{', '.join(one.categories[:_VALUES])}{more}"
    if one.minimum is None or one.maximum is None:
        return ""
    return f"{digits(one.minimum)} to {digits(one.maximum)}"


def training_data(life: Lifetime) -> CardSection:
    """Versions, rows and times."""
    version, run = life.version, life.run
    label = None if version is None else ", ".join(_dataset(life, one) for one in version.datasets)
    rows = None if version is None else f"{version.rows:,}"
    times = None
    if version is not None and version.learnt_from and version.learnt_through:
        times = f"{version.learnt_from} to {version.learnt_through}"
    lines = [
        CardLine(name="data", text=label or None, source="version"),
        CardLine(name="rows learnt from", text=rows, source="version"),
        CardLine(name="times", text=times, source="version"),
    ]
    weight = run.notes.get("weight") if run is not None else None
    if run is not None and weight:
        text = f"{weight['column']}: worth {weight['train']:,.0f} training rows of equal weight"
        lines.append(CardLine(name="rows weighed by", text=text, source=f"run {run.run}"))
    refit = life.refit
    if refit is not None:
        text = f"{refit.rows:,} rows: what a stage holds is the same recipe fitted on all of them"
        lines.append(CardLine(name="refit", text=text, source="version"))
    left = run.notes.get("rows", {}).get("dropped") if run is not None else None
    if run is not None and left:
        lines.append(CardLine(name="rows left out", text=f"{left:,}", source=f"run {run.run}"))
    return CardSection(title="Training data", lines=tuple(lines))


def _dataset(life: Lifetime, digest: str) -> str:
    facts = life.session.repository.facts
    if not facts.has(DatasetVersion, digest):
        return digest[:12]
    name = facts.get(DatasetVersion, digest).name
    number = life.names.number_of(f"datasets/{name}", digest)
    if number is None:
        return f"{name} {digest[:12]}"
    decision = life.names.last_effect(dataset_version(name, number))
    return f"{name}@{number}" if decision is None else f"{name}@{number} (decision {spoken(decision)})"
