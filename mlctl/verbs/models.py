"""`mlctl models`: every model, its versions, and the stages that hold them."""

from mlctl.domain.errors import NotFound
from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion
from mlctl.domain.outcome import Outcome
from mlctl.domain.refs import model_refit, model_version
from mlctl.domain.requests.models import ModelRow, ModelsRequest, ModelsResult, VersionRow
from mlctl.domain.run import own_metrics
from mlctl.domain.sharing import is_published
from mlctl.project.order import in_order, metric_order
from mlctl.project.resolve import families
from mlctl.project.session import Session
from mlctl.project.stops import freezes_of, retirement_of


def models(session: Session, request: ModelsRequest) -> Outcome[ModelsResult]:
    """List the models.

    Raises:
        NotFound: the one that was asked for has no version.
    """
    known = families(session.repository.decisions.names(), "models")
    if request.model is not None and request.model not in known:
        raise NotFound(
            f"model {request.model!r} has no version; there are: {', '.join(known) or 'none'}", "mlctl train"
        )
    wanted = known if request.model is None else [request.model]
    data = ModelsResult(models=tuple(_row(session, name, request.limit) for name in wanted))
    return Outcome(data=data, next=() if known else ("mlctl train",))


def _row(session: Session, model: str, limit: int) -> ModelRow:
    names = session.repository.decisions.names()
    family = f"models/{model}"
    places = names.under(f"stages/{model}/")
    numbers = names.numbers_of(family, set(places.values()))
    stages = {name.split("/")[2]: numbers.get(digest) for name, digest in places.items()}
    order = metric_order(session, model)
    partial = session.repository.partial
    held = {number: names.value(model_version(model, number)) for number in stages.values() if number}
    newest = names.newest(family, limit) if limit else names.versions(family)
    known = newest | {number: digest for number, digest in held.items() if digest is not None}
    facts = session.repository.facts
    there = sorted(  # `--only` has left the others where they are
        (number, digest) for number, digest in known.items() if not partial or facts.has(ModelVersion, digest)
    )
    read = facts.many(ModelVersion, [digest for _, digest in there])
    shown = [(number, digest, version) for (number, _), (digest, version) in zip(there, read, strict=True)]
    runs = session.repository.run_table.of(version.run for _, _, version in shown)
    versions = []
    for number, digest, version in shown:
        refit = names.value(model_refit(model, number))
        run = runs.get(version.run)
        retirement = retirement_of(session, names, model, number)
        versions.append(
            VersionRow(
                version=number,
                run=version.run,
                created=version.created_at,
                digest=Digest(digest),
                stages=sorted(stage for stage, held in stages.items() if held == number),
                refit=Digest(refit) if refit else None,
                estimator=version.estimator,
                rows=version.rows,
                published=is_published(names, model_version(model, number)),
                retired=retirement.told if retirement else None,
                metrics=in_order(own_metrics(run.metrics), order) if run else {},
            )
        )
    frozen = {stop.name: stop.told for stop in freezes_of(session, names, model)}
    return ModelRow(
        name=model, versions=tuple(versions), stages=stages, frozen=frozen, total=names.living(family)
    )
