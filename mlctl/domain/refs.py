"""The grammar of names that the decision log moves.

::

    repository                      set once, by decision 1 -> the repository's id
    datasets/<dataset>/<n>          a dataset version        -> digest of a DatasetVersion
    models/<model>/<n>              a model version          -> digest of a ModelVersion (test rows unlearnt)
    models/<model>/<n>/refit        the same recipe fitted on all rows, when the spec asks for it
    models/<model>/<n>/level/<k>    the k-th recalibration   -> the same artefacts with another level
    stages/<model>/<stage>          what a stage holds       -> digest of a ModelVersion (a refit if any)
    labels/<model>/<digest>         a batch of labels that counts -> the same digest
    frozen/<model>/<stage>          a stage that stays as it is -> until when: a time, or "unfrozen"
    retired/<model>/<digest>        a version that no stage gets again -> the same digest
    approvals/<model>/<digest>/<stage>/<who>   one person's word for a version -> the same digest

Names are lower case, so that no file system confuses two.
"""

import re

from mlctl.domain.errors import InvalidName

REPOSITORY = "repository"
"""The name that decision 1 sets, so that a log says to which repository it belongs."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?\Z")

_SEEN = {"dataset": ("mlctl data ls",), "model": ("mlctl models",), "stage": ("mlctl models",)}
"""Where the names of a kind are listed."""


def check_name(kind: str, name: str) -> str:
    """The name itself, if it can name a dataset, a model or a stage.

    Raises:
        InvalidName: it has upper case, spaces, slashes, or is longer than 64 characters.
    """
    if _NAME.match(name) is None or ".." in name:
        raise InvalidName(
            f"{kind} name {name!r} is not valid: use lower-case letters, digits, '-', '_' and '.', "
            "beginning and ending with a letter or digit, at most 64",
            *_SEEN.get(kind, ()),
            kind=kind,
            name=name,
        )
    return name


def dataset_version(name: str, number: int) -> str:
    """`datasets/<name>/<n>`."""
    return f"datasets/{name}/{number}"


def model_version(model: str, number: int) -> str:
    """`models/<model>/<n>`."""
    return f"models/{model}/{number}"


def model_refit(model: str, number: int) -> str:
    """`models/<model>/<n>/refit`."""
    return f"models/{model}/{number}/refit"


def model_level(model: str, number: int, step: int) -> str:
    """`models/<model>/<n>/level/<k>`."""
    return f"models/{model}/{number}/level/{step}"


def stage(model: str, name: str) -> str:
    """`stages/<model>/<stage>`."""
    return f"stages/{model}/{name}"


def label_batch(model: str, digest: str) -> str:
    """`labels/<model>/<digest>`."""
    return f"labels/{model}/{digest}"


def frozen(model: str, name: str) -> str:
    """`frozen/<model>/<stage>`."""
    return f"frozen/{model}/{name}"


def retired(model: str, digest: str) -> str:
    """`retired/<model>/<digest>`, of the version's tested artefact."""
    return f"retired/{model}/{digest}"


def approvals(model: str, digest: str) -> str:
    """`approvals/<model>/<digest>`: all of a version."""
    return f"approvals/{model}/{digest}"


def approval(model: str, digest: str, name: str, who: str) -> str:
    """`approvals/<model>/<digest>/<stage>/<who>`; who is a digest of an e-mail, which can't be a name."""
    return f"{approvals(model, digest)}/{name}/{who}"
