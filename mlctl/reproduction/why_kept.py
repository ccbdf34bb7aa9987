"""Whole answers of `why`, kept so that the same question costs nothing the second time.

An answer stands as long as its runs, the packages, and the variables that they read are what they were. It is
kept in `index/`: deleting it costs time alone.
"""

import os
import sys
from pathlib import Path

import msgspec

from mlctl import __version__
from mlctl.domain.ids import Digest
from mlctl.domain.records import digest_of, encode
from mlctl.domain.requests.why import WhyRequest, WhyResult
from mlctl.domain.run import Run
from mlctl.project.session import Session
from mlctl.reproduction.differences import recorded_uses
from mlctl.training.repeats import repeats_of
from mlctl.training.uses import digest_of_value
from mlctl.workspace.environment import installed_packages, variables_at_start

_FORMAT = 2


class KeptWhy(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, with its warnings."""

    result: WhyResult
    warnings: tuple[str, ...]


def place_of(session: Session, request: WhyRequest, sides: tuple[tuple[str, Run, Digest], ...]) -> Path:
    """Where the answer stands if it is kept.

    Args:
        session: of the project.
        request: what is asked.
        sides: label, run and version of the old and the new one.
    """
    names: set[str] = set()
    for _, run, _ in sides:
        used = recorded_uses(session, run)
        names |= {*used.variables, *used.settings} if used is not None else set()
    start = variables_at_start()
    seen = [(name, *(digest_of_value(of.get(name)) for of in (start, os.environ))) for name in sorted(names)]
    luck = [[(one.seed, one.metrics) for one in repeats_of(session, digest)] for _, _, digest in sides]
    parts = [
        [_FORMAT, __version__, sys.version, installed_packages(sys.path)],
        [(label, run.run, digest) for label, run, digest in sides],
        [request.metric, request.fits, luck, seen],
    ]
    return session.repository.layout.index / "hybrids" / f"whole-{digest_of(encode(parts))}.json"


def kept(place: Path) -> KeptWhy | None:
    """The answer, as one for which nothing was fitted now; None where there is none, or a torn one."""
    try:
        found = msgspec.json.decode(place.read_bytes(), type=KeptWhy)
    except (OSError, msgspec.DecodeError):
        return None
    fits = tuple(
        msgspec.structs.replace(one, source="kept" if one.source == "fitted" else one.source)
        for one in found.result.fits
    )
    return msgspec.structs.replace(
        found, result=msgspec.structs.replace(found.result, changed=False, fits=fits)
    )


def keep(session: Session, place: Path, answer: KeptWhy) -> None:
    """Keep an answer."""
    place.parent.mkdir(parents=True, exist_ok=True)
    session.repository.files.replace(place, msgspec.json.encode(answer))
