"""A run of a program that nobody but itself has started: a notebook, `python train.py` by hand.

It is recorded in the project that the program stands in, with its code, parameters and points, and makes no
version. Where it is a run of a model of the spec, it is handed the rows that `mlctl train` would hand it.
"""

import contextlib
import shlex
import sys
from pathlib import Path
from typing import Any

import msgspec

from mlctl.domain import handover as names
from mlctl.domain.credentials import strip
from mlctl.domain.errors import NotFound
from mlctl.domain.handover import Handover
from mlctl.domain.ids import Digest
from mlctl.domain.points import read_points, summary
from mlctl.domain.records import digest_of, encode
from mlctl.domain.requests.train import TrainRequest
from mlctl.learning.fit import handed_rows, problem_of
from mlctl.learning.programs import hand_over
from mlctl.learning.workshop import Workshop
from mlctl.project.session import Session
from mlctl.training.fitting import Recording, recording
from mlctl.training.programs import kept_of
from mlctl.training.recipe import recipe_of
from mlctl.training.splitting import rows_of
from mlctl.workspace.environment import environment
from mlctl.workspace.git import code_state

PURPOSE = "script"


class Alone:
    """One such run.

    Attributes:
        folder: that it is handed, as `mlctl train` would make it.
    """

    def __init__(self, model: str | None, start: Path, parameters: dict[str, Any]) -> None:
        """Begin it.

        Raises:
            NoRepository: there is no project in `start` or above it. NotFound: the data have no version.
        """
        command = strip(shlex.join([Path(sys.executable).name, *sys.argv]))
        self._session = Session.open(start, command=command)
        declared = _declared(self._session, model)
        self._stack = contextlib.ExitStack()
        name = declared or model or Path(sys.argv[0]).stem or "notebook"
        self._record: Recording = self._stack.enter_context(recording(self._session, name, PURPOSE))
        shop = self._record.workshop(name)
        self.folder = shop.folder / "fit-1"
        try:
            if declared is None:
                self._begin_bare(name, shop, parameters)
            else:
                self._begin(declared, shop, parameters)
        except BaseException:
            self._stack.__exit__(*sys.exc_info())  # recorded as failed, as far as it has come
            raise

    def _begin(self, model: str, shop: Workshop, parameters: dict[str, Any]) -> None:
        """With the rows of a model of the spec."""
        pairs = tuple(f"{name}={msgspec.json.encode(value).decode()}" for name, value in parameters.items())
        recipe = recipe_of(self._session, TrainRequest(model=model, set=pairs, purpose=PURPOSE))
        self._record.begin(recipe, program=False)
        learnt = rows_of(self._session, recipe)
        self._record.chose(learnt)
        problem = problem_of(learnt.rows, learnt.spec, learnt.source, shop)
        hand_over(learnt.spec, handed_rows(learnt.train, problem), self.folder, shop, problem.seed)

    def _begin_bare(self, name: str, shop: Workshop, parameters: dict[str, Any]) -> None:
        """Without rows: the project's spec does not know the model."""
        objects = self._session.repository.objects
        state, patch = code_state(self._session.root)
        if patch is not None:
            state = msgspec.structs.replace(state, patch=objects.put(patch))
        self._record.take(
            cache_key=digest_of(shop.run.encode()),
            spec=objects.put(encode({})),
            seed=0,
            parameters=parameters,
            data=(),
            code=state,
            environment=environment(),
            command=self._session.command,
            notes={"rows": {"train": 0, "test": 0, "dropped": 0}},
        )
        for place in (names.MODEL, names.ARTIFACTS):
            (self.folder / place).mkdir(parents=True)
        about = Handover(
            run=shop.run,
            model=name,
            task="",
            target="",
            classes=(),
            features=(),
            columns=(),
            rows=0,
            params=parameters,
            seed=0,
        )
        (self.folder / names.HANDOVER).write_bytes(encode(about))

    def end(self, error: BaseException | None) -> None:
        """Record how it ended; what the last points say are its metrics."""
        found = kept_of(self._session.repository.objects, self.folder)
        model = self.folder / names.MODEL
        for path in sorted(model.rglob("*")) if model.exists() else ():
            if path.is_file():
                digest = Digest(self._session.repository.objects.put_file(path)[0])
                found["artifacts"][f"{names.MODEL}/{path.relative_to(model).as_posix()}"] = digest
        points = self.folder / names.POINTS
        series = read_points(points.read_bytes()).series if points.exists() else {}
        last = {name: summary(points).last for name, points in series.items()}
        self._record.take(**found)
        with self._stack:
            if error is None:
                metrics = {name: value for name, value in last.items() if isinstance(value, float)}
                self._session.repository.facts.add(self._record.finish(dict(metrics)))
            elif isinstance(error, KeyboardInterrupt):
                self._record.fail("killed", "interrupted")
            else:
                self._record.fail("failed", f"{type(error).__name__}: {error}")
            self._session.repository.flush()


def _declared(session: Session, model: str | None) -> str | None:
    """The model of the spec that is meant: the one named, or the only one that a command trains."""
    try:
        known = session.spec.model
    except NotFound:
        return None
    if model is not None:
        return model if model in known else None
    trained = [name for name, spec in known.items() if spec.command is not None]
    return trained[0] if len(trained) == 1 else None
