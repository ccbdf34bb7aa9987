"""A bike-hire company: a real project on the real table, whose 2012 is lived through week by week."""

import atexit
import csv
import gzip
import itertools
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pyarrow as pa

from mlctl.deployment.plans import plan_of
from mlctl.domain.decision import Change, Draft
from mlctl.domain.errors import AlarmRaised
from mlctl.domain.ids import Digest
from mlctl.domain.model import ModelVersion
from mlctl.domain.prediction import Answered
from mlctl.domain.progress import silent
from mlctl.domain.refs import label_batch
from mlctl.domain.requests.init import InitRequest
from mlctl.domain.requests.loop import LoopRequest
from mlctl.domain.requests.monitor import MonitorRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.project.session import Session
from mlctl.verbs.init import init
from mlctl.verbs.loop import loop
from mlctl.verbs.monitor import monitor
from mlctl.verbs.promote import promote
from mlctl.verbs.train import train

TABLE = Path(__file__).parents[2] / "templates" / "bike-demand" / "data" / "hour.csv.gz"
BEGIN = datetime(2026, 11, 1, 12, tzinfo=UTC)
_STARTED = {}
"""By spec: a project that has trained and promoted, its clock, and what the promotion was."""
_WITHHELD = {"cnt", "casual", "registered", "yr"}
_FLOATS = {"temp", "atemp", "hum", "windspeed"}


def hours():
    """The table's rows as a program would hold them."""
    with gzip.open(TABLE, "rt", newline="", encoding="utf-8") as file:
        for raw in csv.DictReader(file):
            yield {
                name: value if name == "dteday" else float(value) if name in _FLOATS else int(value)
                for name, value in raw.items()
            }


def days_of(rows):
    """Rows by day, in order."""
    return [list(group) for _day, group in itertools.groupby(rows, key=lambda row: row["dteday"])]


class Company:
    """A project with a model in production, and a clock of its own."""

    def __init__(self, folder, **settings):
        init(InitRequest(directory=str(folder), template="bike-demand"), report=silent, command="mlctl init")
        self.root = folder
        self.time = BEGIN
        self.edit(
            **{"test": 'test = "14d"', "recalibrate": "", **settings}
        )  # each test turns on what it is about
        self.via = None
        self.answers = {}
        self.labelled = 0
        self._plans = {}

    def edit(self, **settings):
        """Replace lines of the spec: whole old line beginnings to whole new lines."""
        path = self.root / "mlctl.toml"
        lines = path.read_text(encoding="utf-8").splitlines()
        for start, new in settings.items():
            found = [at for at, line in enumerate(lines) if line.startswith(f"{start} =")]
            assert found, start
            lines[found[-1]] = new
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def session(self):
        """A fresh session, an instant later than the last."""
        self.time += timedelta(seconds=1)
        moment = self.time
        opened = Session.open(self.root, command="mlctl test")
        actor = msgspec.structs.replace(opened.actor, via=self.via) if self.via else opened.actor
        return Session(opened.repository, command="mlctl test", clock=lambda: moment, actor=actor)

    def start(self):
        """Train on 2011 and promote; a project with the same spec that has done so before is copied."""
        spec = (self.root / "mlctl.toml").read_bytes()
        if self.time == BEGIN and spec in _STARTED:
            kept, self.time, promoted = _STARTED[spec]
            self.remove()
            shutil.copytree(kept, self.root, symlinks=True)
            return promoted
        fresh = self.time == BEGIN
        train(self.session(), TrainRequest())
        promoted = promote(self.session(), PromoteRequest(to="production")).data
        if fresh:
            kept = Path(tempfile.mkdtemp(prefix="mlctl-started-"))
            atexit.register(shutil.rmtree, kept, ignore_errors=True)
            shutil.copytree(self.root, kept / "bikes", symlinks=True)
            _STARTED[spec] = kept / "bikes", self.time, promoted
        return promoted

    def deployed(self):
        """What production holds: digest, fact."""
        repository = self.session().repository
        digest = repository.decisions.names().value("stages/demand/production")
        return digest, repository.facts.get(ModelVersion, digest)

    def serve(self, rows):
        """Answer rows with what production holds, durably logged, as the server does."""
        session = self.session()
        repository = session.repository
        digest, version = self.deployed()
        if digest not in self._plans:
            files = {file.name: file.sha256 for file in version.artefacts}
            with repository.objects.folder(files) as folder:
                self._plans[digest] = plan_of(session, version, folder)
        asked = [{name: value for name, value in row.items() if name not in _WITHHELD} for row in rows]
        columns = {name: [row[name] for row in asked] for name in asked[0]}
        outputs = self._plans[digest].answer(columns).outputs
        journal = repository.predictions.journal("demand", "durable")
        journal.append(
            Answered(
                time=session.now(),
                model="demand",
                stage="production",
                digest=Digest(digest),
                ids=tuple(session.new_id() for _ in rows),
                columns=columns,
                outputs=tuple(outputs),
            )
        )
        journal.close()
        self.answers |= {row["instant"]: output for row, output in zip(rows, outputs, strict=True)}

    def frozen_answers(self, rows):
        """What the first model would have answered."""
        session = self.session()
        repository = session.repository
        version = repository.facts.get(
            ModelVersion, repository.decisions.names().value("models/demand/1/refit")
        )
        with repository.objects.folder({file.name: file.sha256 for file in version.artefacts}) as folder:
            plan = plan_of(session, version, folder)
        outputs = plan.answer({name: [row[name] for row in rows] for name in rows[0]}).outputs
        return {row["instant"]: output for row, output in zip(rows, outputs, strict=True)}

    def label(self, rows):
        """Add the truth of rows."""
        session = self.session()
        repository = session.repository
        table = pa.table({"instant": [row["instant"] for row in rows], "cnt": [row["cnt"] for row in rows]})
        source = repository.objects.put(repr(rows).encode())
        digest = repository.labels.put("demand", table, ("instant",), "cnt", source, session.now())
        change = Change(name=label_batch("demand", digest), old=None, new=digest)
        repository.decisions.commit(
            lambda _names: Draft(kind="labels add", changes=(change,), needs=(digest,)),
            actor=session.actor,
            command="mlctl labels add",
            now=session.now,
        )

    def week(self, days):
        """Seven days are answered; the truth of all but the last day comes."""
        for rows in days:
            self.serve(rows)
        known = [row for rows in days[:-1] for row in rows]
        self.label([*getattr(self, "_late", []), *known])
        self._late = days[-1]

    def turn(self, **request):
        """One turn of the loop: its result, whether or not an alarm stands."""
        try:
            return loop(self.session(), LoopRequest(**request)).data
        except AlarmRaised as alarm:
            return alarm.data

    def look(self, **request):
        """One look of the monitor: its result, whether or not an alarm stands."""
        try:
            return monitor(self.session(), MonitorRequest(**request)).data
        except AlarmRaised as alarm:
            return alarm.data

    def error(self, rows):
        """Mean absolute error of what was answered."""
        return sum(abs(self.answers[row["instant"]] - row["cnt"]) for row in rows) / len(rows)

    def remove(self):
        """Take the project away."""
        shutil.rmtree(self.root)


def as_json(result):
    """A result as `--json` prints it."""
    return msgspec.to_builtins(result)
