"""The part of taking data in that reads tables: what a version says of its rows, and the declared checks."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from mlctl.datasets.checks import said_of
from mlctl.domain.records import encode
from mlctl.project.places import Place
from mlctl.project.session import Session
from mlctl.tabular.check import run_checks
from mlctl.tabular.profile import profile_of
from mlctl.tabular.read import FORMATS, read_bytes
from mlctl.tabular.schema import columns_of


def is_format(path: str) -> bool:
    """Whether a file's name says that it is a table."""
    return Path(path.removesuffix(".gz")).suffix.lower() in FORMATS


def table_of(place: Place, data: bytes) -> pa.Table:
    """The table that a place's bytes are.

    Raises:
        UnreadableTable: they are none.
    """
    return read_bytes(data, place.path, place.spec.read if place.spec else None)


def described(session: Session, table: pa.Table) -> dict[str, Any]:
    """What a version says of a table; its profile is stored."""
    return {
        "rows": table.num_rows,
        "columns": columns_of(table),
        "profile": session.repository.objects.put(encode(profile_of(table))),
    }


def failures(place: Place, label: str, table: pa.Table) -> list[str]:
    """The declared checks that do not hold, in words."""
    results = run_checks(table, place.spec.checks, place.path) if place.spec else ()
    return [f"{label}: {said_of(result)}" for result in results if not result.passed]
