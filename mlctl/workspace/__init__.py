"""The user's project: git, files, processes, environment, templates, DVC's files."""

import os

# gitpython raises ImportError at import where the git program is missing; `workspace.git` says so itself
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
