"""Runs that were broken off: which one is meant, what it was asked, and whether it may go on."""

import msgspec

from mlctl.domain.errors import Ambiguous, NotFound, UsageError
from mlctl.domain.requests.train import TrainRequest
from mlctl.project.session import Session
from mlctl.store.runs import Abandoned
from mlctl.training.recipe import Recipe


def broken_off(session: Session, request: TrainRequest) -> TrainRequest:
    """What the run that `request.resume` means was asked when it began; its `resume` is the whole id.

    Raises:
        NotFound, Ambiguous: no run that was broken off begins so, or several do. UsageError: it trains by no
            program, or the request asks for something else as well.
    """
    plain = msgspec.structs.replace(request, resume=None, dry_run=False)
    if plain != TrainRequest():
        raise UsageError(
            "--resume goes on with what the run was asked when it began; leave the other arguments out",
            f"mlctl train --resume {request.resume}",
        )
    found = _meant(session, request.resume or "")
    try:
        asked = msgspec.json.decode(found.about.get("asked", ""), type=TrainRequest)
    except msgspec.DecodeError:
        raise UsageError(
            f"run {found.run} cannot go on: it was broken off before it began", "mlctl train", run=found.run
        ) from None
    return msgspec.structs.replace(asked, dry_run=request.dry_run, cache=False, resume=found.run)


def require_same(session: Session, recipe: Recipe) -> None:
    """That the recipe is still the one that the run to be taken up again began with.

    Raises:
        UsageError: the data, the spec or a package have changed, or no program trains.
    """
    run = recipe.asked.resume or ""
    if recipe.spec.command is None:
        raise UsageError(
            f"run {run} trains by no program, so there is nothing to go on from",
            f"mlctl train {recipe.model}",
            run=run,
        )
    if _meant(session, run).about.get("key", "") not in {"", recipe.key}:
        raise UsageError(
            f"run {run} cannot go on: the data, the spec or a package have changed since it began",
            f"mlctl train {recipe.model}",
            run=run,
        )


def _meant(session: Session, text: str) -> Abandoned:
    prefix = text.removeprefix("run:").upper()
    found = [one for one in session.repository.runs.killed() if prefix and one.run.startswith(prefix)]
    if not found:
        raise NotFound(f"no run that was broken off begins with {prefix!r}", "mlctl runs", selector=text)
    if len(found) > 1:
        runs = [one.run for one in found]
        raise Ambiguous(
            f"{text!r} means {len(found)} runs: {', '.join(runs)}",
            f"mlctl train --resume {runs[0]}",
            found=runs,
        )
    return found[0]
