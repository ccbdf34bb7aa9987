"""Flavors: how one kind of estimator is written to files and read back, without running anyone's code."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol


class Predictor(Protocol):
    """A loaded model on a float64 matrix of shape (rows, features).

    Guaranteed: the same matrix gives the same answer bit for bit, in any batch size; no state changes; calls
    from several threads do not disturb each other.
    """

    def predict(self, matrix: Any) -> Any:
        """Shape (rows,): float64 for a regression, class indices (int64, in the signature's order) else."""

    def probabilities(self, matrix: Any) -> Any | None:
        """Shape (rows, classes) float64, rows sum to 1; None for a regression or where there are none."""


class Flavor(Protocol):
    """Writes and reads fitted estimators.

    Guaranteed: `save` writes only inside `folder` and no pickle; `load` constructs nothing before every type
    in the files is on the flavor's own fixed allow-list. The caller has checked digests before `load`.
    A flavor whose `load` runs a class of the user's own says so by `runs_code = True`: the sources of that
    class are then kept with its files, and `options["code"]` is a function from a module's and a class's name
    to the class, run from those sources. It is there only where the user has let that code run.
    A `tolerance`, where a flavor has one, is how far answers of what is read back may be from those of what
    was saved, relative and absolute; 1e-9 without it.
    """

    name: str

    def accepts(self, estimator: Any) -> bool:
        """Whether this flavor can save the fitted estimator."""

    def save(self, estimator: Any, folder: Path) -> tuple[str, ...]:
        """Write the estimator; the names of the files, relative to the folder.

        Raises:
            Untrusted: the estimator holds a type that `load` would refuse; nothing is left in the folder.
        """

    def load(self, folder: Path, options: Mapping[str, Any]) -> Predictor:
        """Read it back; `options["task"]` is the signature's task.

        Raises:
            Untrusted: a file names a type that is not allowed.
            Corrupt: a file is not what this flavor writes.
        """
