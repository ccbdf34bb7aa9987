"""Every test runs as by a person, on a CI machine too; one that is about CI sets its variables itself."""

import os

from mlctl.workspace.environment import CI_VARIABLES


def pytest_configure():
    """Before anything is collected, and in each worker: what says "CI" is taken out of the environment."""
    for name in CI_VARIABLES:
        os.environ.pop(name, None)
