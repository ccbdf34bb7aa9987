"""Hybrids of two runs: taken from where they are kept or from the store, else fitted in a clean work tree.

What is kept stands in `index/`, which may be deleted at any time: it costs fits, and nothing else. It is kept
as soon as it is fitted, so that interrupted work goes on where it was.
"""

import hashlib
import platform
import sys
from pathlib import Path
from typing import Self

import msgspec
import numpy as np

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.hybrid import Held, Hybrid, HybridJob, Mixture
from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion
from mlctl.domain.progress import Event
from mlctl.domain.records import digest_of, encode
from mlctl.domain.run import Run
from mlctl.domain.spec import DataSpec
from mlctl.domain.used import ABSENT, PRESENT, Used
from mlctl.evidence.loading import open_predictor
from mlctl.learning.fit import answers_of
from mlctl.learning.kernels import kernels
from mlctl.learning.quiet import quiet
from mlctl.learning.rows import targets
from mlctl.learning.weights import weights_of
from mlctl.project.session import Session
from mlctl.reproduction.attempts import NoFitLeft, given_variables, last_words, run_job
from mlctl.reproduction.clean_project import used_of
from mlctl.reproduction.departures import packages_changed
from mlctl.reproduction.fit_host import FitHost
from mlctl.reproduction.fit_hybrid import hybrid_of
from mlctl.reproduction.mixing import Pair, Parts, content_of, inside, value_of
from mlctl.reproduction.scored_rows import ScoredRows, apart
from mlctl.statistics.metrics import value
from mlctl.tabular.encode import Encoder
from mlctl.tabular.parquet import table_bytes
from mlctl.training.learnt import learnt_by
from mlctl.training.recipe import Data, Recipe, computing, key_of
from mlctl.workspace.environment import variables_at_start
from mlctl.workspace.syntax import statements

_FORMAT = 1
_LEAST, _TIMES = 120.0, 10.0


class Hybrids:
    """The hybrids of one question.

    Attributes:
        fitted: how many were fitted.
        lasting: whether all that was asked for came, and would again.
        sources: where each came from, by its parts: "fitted", "kept", "run".
    """

    def __init__(
        self, session: Session, pair: Pair, scored: ScoredRows, metrics: tuple[str, ...], *, most: int
    ) -> None:
        self.fitted = 0
        self.lasting = True
        self.sources: dict[Parts, str] = {}
        self._session, self._pair, self._scored, self._metrics = session, pair, scored, metrics
        self._most = most
        self._host = FitHost()
        self._known: dict[Parts, Hybrid] = {}
        self._room = pair.old.clean.room
        self._limit = max(_LEAST, _TIMES * max(side.run.seconds for side in (pair.old, pair.new)))
        rows = table_bytes(scored.table)
        self._weight = pair.new.spec.weight
        self._held = Held(
            table=str(self._room / "scored.parquet"),
            names=scored.names,
            since=scored.since,
            weight=self._weight,
        )
        Path(self._held.table).write_bytes(rows)
        self._base = [
            _FORMAT,
            [(side.run.run, side.digest) for side in (pair.old, pair.new)],
            hashlib.sha256(rows).hexdigest(),
            metrics,
            pair.state(),
            *([] if self._weight is None else [self._weight]),
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._host.close()

    def stored(self, version: ModelVersion) -> Hybrid:
        """What a stored model scores on the rows."""
        classes = version.signature.classes
        truth = targets(self._scored.table.column(version.signature.target), classes)
        encoder, predictor = Encoder(version.features), open_predictor(self._session, version)
        weights = weights_of(self._scored.table, self._weight)
        terms = version.signature.terms
        own = answers_of(predictor, encoder, self._scored.table, truth, classes, weights=weights, terms=terms)
        return Hybrid(metrics={name: value(name, own) for name in self._metrics}, rows=version.rows)

    def hybrid(self, parts: Parts, step: str) -> Hybrid:
        """The one of which these parts are the new run's.

        Raises:
            NoFitLeft: it would have to be fitted, and as many fits as were allowed have been made.
        """
        if parts in self._known:
            return self._known[parts]
        mixture, path = self._pair.mixture(parts), self._path(parts)
        found, source = self._kept(path), "kept"
        if found is None:
            twin = self._twin(parts, mixture)
            found, source = (self.stored(twin), "run") if twin is not None else (None, "fitted")
        if found is None:
            if self.fitted >= self._most:
                self.lasting = False
                raise NoFitLeft
            self._session.report(Event(step=step, done=0, total=1, unit="fits"))
            found, lasting = self._fit(parts, mixture)
            self.fitted += 1
            self.lasting &= lasting
            if lasting:
                self._session.repository.files.replace(_made(path), msgspec.json.encode(found))
            self._session.report(Event(step=step, done=1, total=1, unit="fits"))
        self._known[parts], self.sources[parts] = found, source
        return found

    def is_known(self, parts: Parts) -> bool:
        """Whether it needs no fit."""
        if parts in self._known or self._kept(self._path(parts)) is not None:
            return True
        return self._twin(parts, self._pair.mixture(parts)) is not None

    def _path(self, parts: Parts) -> Path:
        spec = self._pair.mixture(parts).spec
        packages = {**computing(spec), "python": platform.python_version()}
        variables = sorted(self._pair.variables(parts).items()) if self._pair.code_ran else []
        key = digest_of(encode([*self._base, sorted(parts), packages, digest_of(encode(variables))]))
        return self._session.repository.layout.index / "hybrids" / f"{key}.json"

    def _kept(self, path: Path) -> Hybrid | None:
        try:
            return msgspec.json.decode(path.read_bytes(), type=Hybrid)
        except (OSError, msgspec.DecodeError):  # a torn one is fitted again
            return None

    def _fit(self, parts: Parts, mixture: Mixture) -> tuple[Hybrid, bool]:
        """What came of it, and whether another fit would give the same: one that was ended might not."""
        folder = self._room / f"{len(self._known):04}"
        folder.mkdir(exist_ok=True)
        tree = self._session.root
        if self._pair.code_ran:
            tree = self._pair.write(parts, self._room / "tree")
        job = HybridJob(
            project=str(self._session.root),
            tree=str(tree),
            mixture=mixture,
            held=self._held,
            metrics=self._metrics,
            answer=str(folder / "answer.json"),
        )
        if not self._pair.code_ran:  # a library's estimator needs no process of its own
            with quiet():
                return hybrid_of(self._session, job), True
        (folder / "job.json").write_bytes(msgspec.json.encode(job))
        ended = self._run(folder, tree, self._pair.variables(parts))
        try:
            return msgspec.json.decode((folder / "answer.json").read_bytes(), type=Hybrid), True
        except (OSError, msgspec.DecodeError):
            return Hybrid(error=f"{ended}: {last_words(folder)}"), False

    def _run(self, folder: Path, tree: Path, variables: dict[str, str | None]) -> str:
        """Run the job; by a fork, unless a library has read a variable that must be another when it loads."""
        sides = [side.used for side in (self._pair.old, self._pair.new) if side.used is not None]
        read = {name for used in sides for name in used.settings}  # libraries set some of these themselves
        given = {name: one for name, one in given_variables().items() if name not in read}
        given |= {name: one for name, one in variables_at_start().items() if name in read}
        others = {name: one for name, one in variables.items() if given.get(name) != one}
        if sys.platform == "linux" and not others.keys() & read:
            return self._host.run(given, folder, tree, {**others, "TMPDIR": str(folder)}, self._limit)
        given |= {name: one for name, one in others.items() if one is not None}
        environment = {name: one for name, one in given.items() if others.get(name, "") is not None}
        return run_job(
            "mlctl.reproduction.fit_hybrid", folder, tree, {**environment, "TMPDIR": str(folder)}, self._limit
        )

    def _twin(self, parts: Parts, mixture: Mixture) -> ModelVersion | None:
        """The version of a run in the store that is this hybrid: equal key, equal uses."""
        repository = self._session.repository
        for _, run in reversed(repository.facts.where(Run, cache_key=self._key(mixture), status="finished")):
            used = used_of(self._session, run)
            if packages_changed(run, used, kernels())[1]:
                continue
            if used is not None and (used.live or not self._agrees(parts, used)):
                continue
            for _, version in repository.facts.where(ModelVersion, run=run.run):
                if version.level == 1.0 and version.refit_of is None and self._is_apart(run, version):
                    return version
        return None

    def _key(self, mixture: Mixture) -> Digest:
        data = {role: self._data(digest) for role, digest in mixture.data.items()}
        aside = {*mixture.key, *mixture.time}
        known = [name for name in mixture.context if name not in aside]
        source = DataSpec(
            path="", key=list(mixture.key), time=list(mixture.time), known_time=known[0] if known else None
        )
        recipe = Recipe(
            model=self._pair.new.run.model,
            spec=mixture.spec,
            source=source,
            data=data["train"],
            held=data.get("test"),
            window=mixture.window,
            apply_where=mixture.apply_where,
            purpose="train",
            key=None,
        )
        return key_of(recipe)

    def _data(self, digest: Digest) -> Data:
        version = self._session.repository.facts.get(DatasetVersion, digest)
        return Data(name=version.name, label=version.name, digest=digest, version=version)

    def _agrees(self, parts: Parts, used: Used) -> bool:
        """Whether all that a run used is as it is in a mixture."""
        for path, module in used.modules.items():
            place = self._pair.place(parts, path)
            source = place.read_bytes() if inside(path) and place.is_file() else b""
            if tuple(digest for digest, _ in statements(source)) != module.statements:
                return False
        for path, state in used.files.items():
            now = content_of(self._pair.place(parts, path)) if inside(path) else ""
            if now != state and not (state == PRESENT and now not in {"", ABSENT}):
                return False
        variables = self._pair.variables(parts)
        for name, digest in {**used.settings, **used.variables}.items():
            known, given = value_of(name, digest)
            if not known or variables.get(name) != given:
                return False
        return True

    def _is_apart(self, run: Run, version: ModelVersion) -> bool:
        """Whether a version has learnt from none of the rows that are scored."""
        return bool(np.all(apart(learnt_by(self._session, run, version), self._scored)))


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
