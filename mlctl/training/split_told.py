"""A model's split in words, from the spec and from what runs have recorded: no row is read for it."""

from collections.abc import Iterator

from mlctl.domain.errors import Corrupt, Missing
from mlctl.domain.model import ModelVersion
from mlctl.domain.run import Run
from mlctl.domain.split_words import counted, rule
from mlctl.project.session import Session
from mlctl.project.spec_of import spec_of
from mlctl.training.recipe import Recipe

_LOOKED_AT = 5
"""Newest versions of a model among whose runs one with the same split is looked for."""


def split_told(session: Session, recipe: Recipe, run: Run | None) -> tuple[str, ...]:
    """The rule, and the rows of each side as the run (or one that split the same) has recorded them."""
    found = run if run is not None else _same(session, recipe)
    note = found.notes.get("split") if found is not None else None
    return (rule(recipe.spec.split), *(counted(note) if note else ()))


def _same(session: Session, recipe: Recipe) -> Run | None:
    """The newest run that chose its rows from the same data by the same rule."""
    if recipe.data is None:
        return None
    source = recipe.source
    known_time = (source.known_time,) if source.known_time else ()
    context = list(dict.fromkeys((*source.key, *source.time, *known_time)))
    used = [one.digest for one in (recipe.data, recipe.held) if one is not None]
    for run in _newest(session, recipe.model):
        notes = run.notes
        alike = (
            [use.digest for use in run.data] == used
            and notes.get("split") is not None
            and notes.get("context") == context
            and notes.get("window") == recipe.window
            and notes.get("apply_where") == recipe.apply_where
        )
        try:
            if alike and _rule_of(session, run) == _chosen_by(recipe):
                return run
        except (Missing, Corrupt):  # a clone may lack the spec of a run that it does not need
            continue
    return None


def _newest(session: Session, model: str) -> Iterator[Run]:
    """The runs of the newest versions that are here, newest first."""
    facts = session.repository.facts
    named = session.repository.decisions.names().versions(f"models/{model}")
    for _, digest in sorted(named.items(), reverse=True)[:_LOOKED_AT]:
        try:
            version = facts.get(ModelVersion, digest)
            yield from (run for _, run in facts.where(Run, run=version.run))
        except (Missing, Corrupt):  # what is damaged is told by those who need it
            continue


def _rule_of(session: Session, run: Run) -> tuple[object, ...]:
    spec = spec_of(session, run)
    return (spec.split, spec.seed, spec.target, spec.task, spec.train_where)


def _chosen_by(recipe: Recipe) -> tuple[object, ...]:
    spec = recipe.spec
    return (spec.split, spec.seed, spec.target, spec.task, spec.train_where)
