"""The same ready projects as the verbs are tested in."""

from tests.verbs.conftest import freeze, learner, project

__all__ = ["freeze", "learner", "project"]
