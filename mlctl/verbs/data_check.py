"""`mlctl data check`: the declared checks, on the file in the work tree or on a version."""

import pyarrow as pa

from mlctl.datasets.checks import said_of
from mlctl.datasets.intake import look
from mlctl.datasets.tables import read_version
from mlctl.domain.errors import DataCheckFailed, NotFound
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.data_check import DataCheckRequest, DataCheckResult, DatasetChecks
from mlctl.domain.selector import parse
from mlctl.project.places import Place, declared_data, declared_places, no_dataset
from mlctl.project.resolve import resolve_dataset
from mlctl.project.session import Session
from mlctl.project.versions import with_bytes
from mlctl.tabular.check import run_checks
from mlctl.tabular.read import read_table


def data_check(session: Session, request: DataCheckRequest) -> Outcome[DataCheckResult]:
    """Run the checks; where one does not hold, exit 42 with examples by row."""
    if request.dataset is None:
        checked = tuple(_work_tree(session, place) for place in declared_places(session) if place.spec)
        if not checked:
            raise NotFound("mlctl.toml declares no data", "mlctl data add --help")
    else:
        checked = (_one(session, request.dataset),)
    data = DataCheckResult(datasets=checked, passed=all(one.passed for one in checked))
    without = tuple(f"{one.name} has no checks in mlctl.toml" for one in checked if not one.checks)
    if not data.passed:
        broken = [(one, result) for one in checked for result in one.checks if not result.passed]
        raise DataCheckFailed(
            "\n".join(f"{one.path or one.name}: {said_of(result)}" for one, result in broken),
            *dict.fromkeys(f"mlctl data show {one.name}" for one, _ in broken if one.version is not None),
            data=data,
        )
    return Outcome(data=data, warnings=without)


def _one(session: Session, text: str) -> DatasetChecks:
    selector = parse(text)
    for place in declared_places(session):
        if (
            place.name == selector.name
            and selector.number is None
            and selector.moment is None
            and not selector.latest
        ):
            return _work_tree(session, place)
    spec = declared_data(session).get(selector.name)
    if spec is None:
        raise no_dataset(session, selector.name)
    found = resolve_dataset(session, text)
    table = read_version(session, found.version)
    return _checked(found.name, found.version.path, found.number, table, spec.checks)


def _work_tree(session: Session, place: Place) -> DatasetChecks:
    spec = declared_data(session)[place.name]
    seen = look(session, place)
    held = with_bytes(session, place.name, seen.md5, spec.read)
    table = read_table(session.root / place.path, spec.read)
    return _checked(place.name, place.path, held.number if held else None, table, spec.checks)


def _checked(
    name: str, path: str | None, version: int | None, table: pa.Table, checks: list[str]
) -> DatasetChecks:
    results = run_checks(table, checks, path or name)
    return DatasetChecks(
        name=name,
        path=path,
        version=version,
        rows=table.num_rows,
        passed=all(result.passed for result in results),
        checks=results,
    )
