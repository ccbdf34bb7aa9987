"""Whether the code that a model brings along may run here: the user's own may, a stranger's after a word."""

import os
from pathlib import PurePosixPath

from mlctl.domain.errors import MlctlError, Untrusted
from mlctl.domain.ids import short
from mlctl.domain.model import ModelVersion
from mlctl.learning.carried import FOLDER, digest_of_code, is_code
from mlctl.project.session import Session

VARIABLE = "MLCTL_TRUST_CODE"
_FEWEST = 8  # digits of a digest that name it


def may_run(session: Session, version: ModelVersion) -> bool:
    """Whether there is code that may run; False where the model brings none.

    Raises:
        Untrusted: it brings code that is neither the project's own nor trusted by name.
    """
    digest = code_digest(version)
    if not digest:
        return False
    if why_trusted(session, version, digest) is not None:
        return True
    files = ", ".join(name for name in _sources(version))
    raise Untrusted(
        f"to load {version.model} runs code that is not this project's: {files}; it was trained elsewhere, "
        f"and the work tree holds other code. Once you have read it, name it: {VARIABLE}={digest[:12]}",
        "mlctl models",
        code=digest,
        files=list(_sources(version)),
    )


def code_digest(version: ModelVersion) -> str:
    """One name for the code that the model brings; "" for none."""
    return digest_of_code({one.name: one.sha256 for one in version.artefacts})


def why_trusted(session: Session, version: ModelVersion, digest: str) -> str | None:
    """Why the code may run here, in words; None where it may not."""
    if digest in session.repository.own_code:
        return "trained here"
    named = [one.strip() for one in os.environ.get(VARIABLE, "").split(",")]
    if any(len(one) >= _FEWEST and digest.startswith(one) for one in named):
        return f"named by {VARIABLE}"
    return "as the work tree has it" if _stands(session, version) else None


def told(session: Session, version: ModelVersion) -> str:
    """What loading the model executes, in words."""
    digest = code_digest(version)
    if not digest:
        return "runs nobody's code"
    files = ", ".join(_sources(version))
    try:
        why = why_trusted(session, version, digest)
    except MlctlError:
        why = None
    state = why or f"from elsewhere: refused without {VARIABLE}={digest[:12]}"
    return f"runs {files} (code {short(digest)}, {state})"


def _sources(version: ModelVersion) -> list[str]:
    names = sorted(one.name for one in version.artefacts if is_code(one.name))
    return [name.removeprefix(f"{FOLDER}/") for name in names if name.startswith(f"{FOLDER}/")]


def _stands(session: Session, version: ModelVersion) -> bool:
    """Whether the work tree holds every source as the model brings it."""
    for one in version.artefacts:
        if not one.name.startswith(f"{FOLDER}/"):
            continue
        place = PurePosixPath(one.name.removeprefix(f"{FOLDER}/"))
        if place.is_absolute() or ".." in place.parts:
            return False
        try:
            here = (session.root / place).read_bytes()
        except OSError:
            return False
        if here != session.repository.objects.read(one.sha256):
            return False
    return True
