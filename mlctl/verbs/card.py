"""`mlctl card`: a model card from facts.

Sections follow M. Mitchell et al., "Model Cards for Model Reporting", FAT* 2019. Every number is read from a
stored record, named as its source; what no record holds is said to be missing. Words of people come from
`[model.NAME.card]`.
"""

from pathlib import Path

import msgspec

from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.card import CardRequest, CardResult, CardSection
from mlctl.evidence.card_history import history, use
from mlctl.evidence.card_quality import caveats, evaluation_data, fairness, results
from mlctl.evidence.card_recipe import details, inputs, intended, training_data
from mlctl.evidence.lifetime import Lifetime
from mlctl.project.resolve import ModelFound, resolve_model
from mlctl.project.session import Session
from mlctl.reporting.card import card_markdown
from mlctl.workspace.text_files import write_text


def card(session: Session, request: CardRequest) -> Outcome[CardResult]:
    """The card of one version.

    Raises:
        NotFound, Ambiguous, InvalidName: there is no such version.
    """
    found = _found(session, request.selector)
    life = Lifetime(session, found.model, found.number)
    parts = (
        details,
        intended,
        inputs,
        training_data,
        evaluation_data,
        results,
        fairness,
        caveats,
        history,
        use,
    )
    sections = tuple(part(life) for part in parts)
    data = CardResult(
        model=found.model,
        version=found.number,
        digest=str(life.digest),
        sections=sections,
        missing=_missing(sections),
    )
    if request.markdown is not None:
        text = card_markdown(data)
        if request.markdown == "-":
            data = msgspec.structs.replace(data, markdown=text)
        else:
            write_text(Path(request.markdown), text)
            data = msgspec.structs.replace(data, written=request.markdown)
    hints = (f"mlctl spec explain model.{found.model}.card",) if "purpose" in data.missing else ()
    return Outcome(data=data, next=hints if life.spec is not None else ())


def _found(session: Session, selector: str | None) -> ModelFound:
    if selector is not None:
        return resolve_model(session, selector)
    life = Lifetime(session, session.model_name(None))
    return resolve_model(session, life.label)


def _missing(sections: tuple[CardSection, ...]) -> tuple[str, ...]:
    return tuple(line.name for section in sections for line in section.lines if line.text is None)
