"""Ten small projects and what is done to them, for `stale_results.py`: each edit labelled by hand."""

from collections.abc import Iterator, Mapping
from textwrap import dedent

import msgspec

SPEC = """spec = 1

[project]
name = "small"

[data.table]
path = "table.csv"

[model.m]
data = "table"
target = "y"
build = "model.py:make"
seed = 7
baseline = "mean"
params = { trees = 5 }
"""
MODEL = '''"""A small forest."""

from sklearn.ensemble import RandomForestRegressor


def make(trees=5):
    # as few as will do
    leaf = 2
    return RandomForestRegressor(
                    n_estimators=trees, min_samples_leaf=leaf, max_features=0.5)
'''


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """One change.

    Attributes:
        what: in words.
        counts: whether it may change the model.
        files: new content by path; None removes the file.
        variables: of the environment, added.
    """

    what: str
    counts: bool
    files: Mapping[str, str | None] = {}
    variables: Mapping[str, str] = {}


class Small(msgspec.Struct, frozen=True, kw_only=True):
    """One project: its files besides the spec and the table, and what is done to it."""

    name: str
    files: Mapping[str, str]
    edits: tuple[Edit, ...]
    variables: Mapping[str, str] = {}


def changed(files: Mapping[str, str], path: str, old: str, new: str) -> dict[str, str]:
    """A file with one piece of its text replaced."""
    if old not in files[path]:
        raise SystemExit(f"{path} has no {old!r}")
    return {path: files[path].replace(old, new)}


def table() -> str:
    """300 rows without chance: what is learnt does not depend on who runs it."""
    lines = ["a,b,y"]
    for number in range(300):
        a, b = (number * 7919 % 1000) / 1000, (number * 104729 % 997) / 997
        lines.append(f"{a:.4f},{b:.4f},{3 * a + b * b:.4f}")
    return "\n".join(lines) + "\n"


def usual(files: Mapping[str, str]) -> Iterator[Edit]:
    """What is done to every project: six edits that count, eight that do not."""
    model = files["model.py"]
    rows = table().splitlines()
    yield Edit(
        what="a cell of the table",
        counts=True,
        files={"table.csv": "\n".join([*rows[:20], "0.5,0.5,9", *rows[21:]]) + "\n"},
    )
    yield Edit(what="a row less", counts=True, files={"table.csv": "\n".join(rows[:-1]) + "\n"})
    yield Edit(
        what="a parameter of the spec",
        counts=True,
        files={"mlctl.toml": SPEC.replace("trees = 5", "trees = 6")},
    )
    yield Edit(what="the seed", counts=True, files={"mlctl.toml": SPEC.replace("seed = 7", "seed = 8")})
    yield Edit(
        what="a constant in the model",
        counts=True,
        files={"model.py": model.replace("max_features=0.5", "max_features=1.0")},
    )
    yield Edit(
        what="a statement more",
        counts=True,
        files={"model.py": model.replace("    return Random", "    trees += 1\n    return Random")},
    )
    yield Edit(what="a comment", counts=False, files={"model.py": f"# by the team\n{model}"})
    yield Edit(
        what="line breaks",
        counts=False,
        files={
            "model.py": model.replace("(n_estimators", "(\n        n_estimators").replace(
                "\n\n\n", "\n\n\n\n"
            )
        },
    )
    yield Edit(
        what="a docstring",
        counts=False,
        files={
            "model.py": model.replace("def make(trees=5):\n", 'def make(trees=5):\n    """A forest."""\n')
        },
    )
    yield Edit(what="a document", counts=False, files={"NOTES.md": "to do\n"})
    yield Edit(what="a module that nobody imports", counts=False, files={"plots.py": "COLOUR = 'red'\n"})
    yield Edit(
        what="a gate of the spec",
        counts=False,
        files={"mlctl.toml": f"{SPEC}\n[model.m.gates.production]\nmae = {{ max = 2 }}\n"},
    )
    yield Edit(what="a comment in the spec", counts=False, files={"mlctl.toml": f"# ours\n{SPEC}"})
    yield Edit(what="a variable that nobody reads", counts=False, variables={"UNRELATED": "1"})


def alone() -> Small:
    """A model in one file."""
    files = {"model.py": MODEL}
    return Small(
        name="alone",
        files=files,
        edits=(
            Edit(
                what="a default",
                counts=False,
                files=changed(files, "model.py", "trees=5)", "trees=5, *, deep=None)"),
            ),
            Edit(what="another leaf", counts=True, files=changed(files, "model.py", "leaf = 2", "leaf = 9")),
            Edit(
                what="another estimator",
                counts=True,
                files=changed(files, "model.py", "max_features=0.5", "max_features=0.5, max_depth=2"),
            ),
            Edit(
                what="a test", counts=False, files={"tests/test_model.py": "def test():\n    assert True\n"}
            ),
            Edit(what="a notebook", counts=False, files={"look.ipynb": "{}"}),
            Edit(
                what="number written otherwise",
                counts=False,
                files=changed(files, "model.py", "leaf = 2", "leaf = 0x2"),
            ),
        ),
    )


def two_imports_away() -> Small:
    """A number two imports away from the model."""
    files = {
        "model.py": dedent("""\
            from sklearn.ensemble import RandomForestRegressor
            from steps.leaves import leaf_of


            def make(trees=5):
                return RandomForestRegressor(
                    n_estimators=trees, min_samples_leaf=leaf_of(trees), max_features=0.5
                )
        """),
        "steps/__init__.py": "",
        "steps/leaves.py": dedent("""\
            from steps.deep.numbers import BASE


            def leaf_of(trees):
                return BASE + trees % 2
        """),
        "steps/deep/__init__.py": "",
        "steps/deep/numbers.py": "BASE = 2\nOTHER = 5  # of old\n",
    }
    return Small(
        name="two imports away",
        files=files,
        edits=(
            Edit(
                what="two imports away",
                counts=True,
                files=changed(files, "steps/deep/numbers.py", "BASE = 2", "BASE = 9"),
            ),
            Edit(
                what="one import away",
                counts=True,
                files=changed(files, "steps/leaves.py", "BASE + ", "BASE * 4 + "),
            ),
            Edit(
                what="a package's face",
                counts=True,
                files={
                    "steps/deep/__init__.py": dedent("""\
            import steps.deep.numbers

            steps.deep.numbers.BASE = 9
        """)
                },
            ),
            Edit(
                what="a comment two away",
                counts=False,
                files=changed(files, "steps/deep/numbers.py", "# of old", "# of long ago"),
            ),
            Edit(what="a module beside", counts=False, files={"steps/deep/more.py": "BASE = 3\n"}),
            Edit(
                what="quotes and blanks",
                counts=False,
                files=changed(files, "steps/leaves.py", "BASE + trees % 2", "(BASE + trees%2)"),
            ),
        ),
    )


def a_file_that_is_opened() -> Small:
    """Settings read by `open`."""
    files = {
        "model.py": dedent("""\
            import json
            from sklearn.ensemble import RandomForestRegressor


            def make(trees=5):
                with open("conf.json") as file:
                    leaf = json.load(file)["leaf"]
                return RandomForestRegressor(
                    n_estimators=trees, min_samples_leaf=leaf, max_features=0.5
                )
        """),
        "conf.json": '{"leaf": 2}\n',
        "other.json": '{"leaf": 2}\n',
    }
    return Small(
        name="a file that is opened",
        files=files,
        edits=(
            Edit(what="its content", counts=True, files={"conf.json": '{"leaf": 9}\n'}),
            Edit(what="more of it", counts=True, files={"conf.json": '{"leaf": 12, "name": "x"}\n'}),
            Edit(what="it is gone", counts=True, files={"conf.json": None}),
            Edit(what="another file", counts=False, files={"other.json": '{"leaf": 9}\n'}),
            Edit(what="a new file", counts=False, files={"conf.yaml": "leaf: 9\n"}),
            Edit(what="a folder", counts=False, files={"conf/x.json": "{}"}),
        ),
    )


def a_path_from_the_module() -> Small:
    """Settings beside the module, read by pathlib."""
    files = {
        "model.py": dedent("""\
            import tomllib
            from pathlib import Path
            from sklearn.ensemble import RandomForestRegressor

            HERE = Path(__file__).parent


            def make(trees=5):
                settings = tomllib.loads((HERE / "settings/own.toml").read_text())
                return RandomForestRegressor(
                    n_estimators=trees, min_samples_leaf=settings["leaf"], max_features=0.5
                )
        """),
        "settings/own.toml": "leaf = 2\n",
        "settings/theirs.toml": "leaf = 3\n",
    }
    return Small(
        name="a path from the module",
        files=files,
        edits=(
            Edit(what="its content", counts=True, files={"settings/own.toml": "leaf = 9\n"}),
            Edit(
                what="which file is read",
                counts=True,
                files=changed(files, "model.py", "own.toml", "theirs.toml"),
            ),
            Edit(what="it is gone", counts=True, files={"settings/own.toml": None}),
            Edit(what="the file beside", counts=False, files={"settings/theirs.toml": "leaf = 9\n"}),
            Edit(what="one more beside", counts=False, files={"settings/new.toml": "leaf = 9\n"}),
            Edit(what="a table of results", counts=False, files={"results.csv": "a\n1\n"}),
        ),
    )


def variables() -> Small:
    """Variables of the environment."""
    files = {
        "model.py": dedent("""\
            import os
            from sklearn.ensemble import RandomForestRegressor


            def make(trees=5):
                leaf = int(os.environ.get("LEAF", "2")) + int(os.getenv("MORE", "0"))
                return RandomForestRegressor(
                    n_estimators=trees, min_samples_leaf=leaf, max_features=0.5
                )
        """)
    }
    return Small(
        name="variables",
        files=files,
        variables={"LEAF": "3"},
        edits=(
            Edit(what="the variable", counts=True, variables={"LEAF": "9"}),
            Edit(what="one that was not set", counts=True, variables={"MORE": "5"}),
            Edit(what="both", counts=True, variables={"LEAF": "5", "MORE": "6"}),
            Edit(what="a like name", counts=False, variables={"LEAVES": "9"}),
            Edit(what="the terminal", counts=False, variables={"TERM": "dumb", "COLUMNS": "40"}),
            Edit(what="where it runs", counts=False, variables={"PWD": "/", "SHLVL": "9", "LANG": "C"}),
        ),
    )


def packages() -> Small:
    """An installed package, and one that it needs."""
    dist = "site-packages/leafy-1.0.dist-info"
    files = {
        "model.py": dedent("""\
            from sklearn.ensemble import RandomForestRegressor
            import leafy


            def make(trees=5):
                return RandomForestRegressor(
                    n_estimators=trees, min_samples_leaf=leafy.LEAF, max_features=0.5
                )
        """),
        "site-packages/leafy/__init__.py": "from leafy_core import LEAF\n",
        f"{dist}/METADATA": "Metadata-Version: 2.1\nName: leafy\nVersion: 1.0\nRequires-Dist: leafy-core\n",
        f"{dist}/top_level.txt": "leafy\n",
        "site-packages/leafy_core.py": "LEAF = 2\n",
        "site-packages/leafy_core-1.0.dist-info/METADATA": dedent("""\
            Metadata-Version: 2.1
            Name: leafy-core
            Version: 1.0
        """),
        "site-packages/leafy_core-1.0.dist-info/RECORD": "leafy_core.py,,\n",
        "site-packages/other-1.0.dist-info/METADATA": dedent("""\
            Metadata-Version: 2.1
            Name: other
            Version: 1.0
        """),
    }
    newer = {
        f"{dist}/METADATA": None,
        f"{dist}/top_level.txt": None,
        "site-packages/leafy/__init__.py": "LEAF = 9\n",
        "site-packages/leafy-2.0.dist-info/METADATA": files[f"{dist}/METADATA"].replace("1.0", "2.0"),
        "site-packages/leafy-2.0.dist-info/top_level.txt": "leafy\n",
    }
    core = "site-packages/leafy_core-1.0.dist-info"
    return Small(
        name="packages",
        files=files,
        variables={"PYTHONPATH": "site-packages"},
        edits=(
            Edit(what="a newer package", counts=True, files=newer),
            Edit(
                what="a newer package that it needs",
                counts=True,
                files={
                    f"{core}/METADATA": None,
                    f"{core}/RECORD": None,
                    "site-packages/leafy_core.py": "LEAF = 7\n",
                    "site-packages/leafy_core-3.0.dist-info/METADATA": files[f"{core}/METADATA"].replace(
                        "1.0", "3.0"
                    ),
                    "site-packages/leafy_core-3.0.dist-info/RECORD": files[f"{core}/RECORD"].replace(
                        "1.0", "3.0"
                    ),
                },
            ),
            Edit(what="a module in its place", counts=True, files={"leafy.py": "LEAF = 9\n"}),
            Edit(
                what="a newer package that nobody imports",
                counts=False,
                files={
                    "site-packages/other-1.0.dist-info/METADATA": None,
                    "site-packages/other-2.0.dist-info/METADATA": dedent("""\
            Metadata-Version: 2.1
            Name: other
            Version: 2.0
        """),
                },
            ),
            Edit(
                what="a new package that nobody imports",
                counts=False,
                files={
                    "site-packages/new-2.0.dist-info/METADATA": dedent("""\
            Metadata-Version: 2.1
            Name: new
            Version: 2.0
        """),
                },
            ),
            Edit(what="a module of another name", counts=False, files={"leafier.py": "LEAF = 9\n"}),
        ),
    )


def a_folder_that_is_listed() -> Small:
    """Every file of a folder."""
    files = {
        "model.py": dedent("""\
            import json
            from pathlib import Path
            from sklearn.ensemble import RandomForestRegressor


            def make(trees=5):
                files = sorted(Path("leaves").glob("*.json"))
                leaf = sum(json.loads(one.read_text()) for one in files)
                return RandomForestRegressor(
                    n_estimators=trees, min_samples_leaf=leaf, max_features=0.5
                )
        """),
        "leaves/a.json": "1\n",
        "leaves/b.json": "1\n",
        "notes/a.json": "1\n",
    }
    return Small(
        name="a folder that is listed",
        files=files,
        edits=(
            Edit(what="one file more", counts=True, files={"leaves/c.json": "7\n"}),
            Edit(what="one file less", counts=True, files={"leaves/b.json": None, "leaves/a.json": "8\n"}),
            Edit(what="the content of one", counts=True, files={"leaves/a.json": "9\n"}),
            Edit(what="a file in another folder", counts=False, files={"notes/b.json": "9\n"}),
            Edit(what="a folder more", counts=False, files={"more/c.json": "9\n"}),
            Edit(what="another folder's content", counts=False, files={"notes/a.json": "9\n"}),
        ),
    )


def what_may_be_there() -> Small:
    """A file and a module that are not there yet."""
    files = {
        "model.py": dedent("""\
            import os
            from sklearn.ensemble import RandomForestRegressor

            try:
                from own_leaf import LEAF
            except ImportError:
                LEAF = 2


            def make(trees=5):
                leaf = LEAF
                if os.path.exists("override.txt"):
                    leaf = int(open("override.txt").read())
                return RandomForestRegressor(
                    n_estimators=trees, min_samples_leaf=leaf, max_features=0.5
                )
        """),
    }
    return Small(
        name="what may be there",
        files=files,
        edits=(
            Edit(what="the file comes", counts=True, files={"override.txt": "9"}),
            Edit(what="the module comes", counts=True, files={"own_leaf.py": "LEAF = 9\n"}),
            Edit(
                what="the module comes as a package",
                counts=True,
                files={"own_leaf/__init__.py": "LEAF = 8\n"},
            ),
            Edit(what="a file of a like name", counts=False, files={"override.txt.old": "9"}),
            Edit(what="a module of a like name", counts=False, files={"own_leaves.py": "LEAF = 9\n"}),
            Edit(
                what="a comment at the fallback",
                counts=False,
                files=changed(files, "model.py", "    LEAF = 2\n", "    LEAF = 2  # few\n"),
            ),
        ),
    )


def readers() -> Small:
    """Files read by csv and numpy."""
    files = {
        "model.py": dedent("""\
            import csv
            import numpy as np
            from sklearn.ensemble import RandomForestRegressor


            def make(trees=5):
                with open("leaves.csv", newline="") as file:
                    leaf = sum(int(row[0]) for row in csv.reader(file))
                leaf += int(np.loadtxt("more.txt").sum())
                return RandomForestRegressor(
                    n_estimators=trees, min_samples_leaf=leaf, max_features=0.5
                )
        """),
        "leaves.csv": "1\n1\n",
        "more.txt": "1\n1\n",
    }
    return Small(
        name="readers",
        files=files,
        edits=(
            Edit(what="what csv reads", counts=True, files={"leaves.csv": "1\n8\n"}),
            Edit(what="what numpy reads", counts=True, files={"more.txt": "1\n9\n"}),
            Edit(what="both", counts=True, files={"leaves.csv": "3\n8\n", "more.txt": "4\n"}),
            Edit(what="a file of a like name", counts=False, files={"leaves.csv.bak": "9\n"}),
            Edit(what="a figure", counts=False, files={"plot.svg": "<svg/>"}),
            Edit(what="a log", counts=False, files={"train.log": "done\n"}),
        ),
    )


def out_of_sight() -> Small:
    """A file read by native code."""
    files = {
        "model.py": dedent("""\
            import pyarrow.csv
            from sklearn.ensemble import RandomForestRegressor


            def make(trees=5):
                leaf = int(pyarrow.csv.read_csv("leaves.csv")["leaf"][0].as_py())
                return RandomForestRegressor(
                    n_estimators=trees, min_samples_leaf=leaf, max_features=0.5
                )
        """),
        "leaves.csv": "leaf\n2\n",
    }
    return Small(
        name="out of sight",
        files=files,
        edits=(
            Edit(what="what native code reads", counts=True, files={"leaves.csv": "leaf\n9\n"}),
            Edit(what="more of it", counts=True, files={"leaves.csv": "leaf,x\n7,1\n"}),
            Edit(what="it is gone", counts=True, files={"leaves.csv": None}),
            Edit(what="a document", counts=False, files={"docs/read.md": "leaf\n"}),
            Edit(what="the licence", counts=False, files={"LICENSE": "free\n"}),
            Edit(what="a script", counts=False, files={"clean.py": "print()\n"}),
        ),
    )


PROJECTS = (
    alone,
    two_imports_away,
    a_file_that_is_opened,
    a_path_from_the_module,
    variables,
    packages,
    a_folder_that_is_listed,
    what_may_be_there,
    readers,
    out_of_sight,
)
