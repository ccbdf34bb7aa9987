"""Twenty pairs of small projects: between the two states stands one planted cause among harmless differences.

For `why_causes.py`. Each state is trained; the cause is what `mlctl why` is to name first.
"""

from collections.abc import Callable, Mapping

import msgspec
import numpy as np

SPEC = """spec = 1

[project]
name = "small"

[data.table]
path = "table.csv"
key = ["id"]
time = ["day"]

[model.m]
data = "table"
target = "y"
build = "model.py:make"
params = { alpha = 1.0, degree = 2, tol = 0.0001 }
seed = 7
baseline = "mean"

[model.m.split]
by = "time"
test = "25%"
accept = ["giveaway", "serial", "duplicates"]

[model.m.eval]
metrics = ["mae"]
"""
PLAIN = SPEC.replace('build = "model.py:make"', 'estimator = "sklearn.linear_model:Ridge"').replace(
    "params = { alpha = 1.0, degree = 2, tol = 0.0001 }", "params = { alpha = 1.0, tol = 0.0001 }"
)
TREES = PLAIN.replace("sklearn.linear_model:Ridge", "sklearn.ensemble:HistGradientBoostingRegressor").replace(
    "params = { alpha = 1.0, tol = 0.0001 }",
    "params = { max_iter = 60, learning_rate = 0.1, max_bins = 255 }",
)

MODEL = '''"""The model."""

from sklearn.pipeline import make_pipeline

from parts.penalty import ridge
from parts.pipeline import features


def make(alpha=1.0, degree=2, tol=1e-4):
    return make_pipeline(features(degree), ridge(alpha, tol))
'''
PENALTY = """import json
import os
from pathlib import Path

from sklearn.linear_model import Ridge

SETTINGS = Path(__file__).parent.parent / "settings.json"


def ridge(alpha, tol):
    settings = json.loads(SETTINGS.read_text())
    scale = float(os.environ.get("PENALTY_SCALE", "1"))
    alpha = alpha * scale * settings["penalty_kg"] / 1000
    return Ridge(alpha=alpha, tol=tol, max_iter=settings["steps"])
"""
PIPELINE = """from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from parts.columns import BENT, PLAIN


def features(degree):
    return ColumnTransformer(
        [("plain", StandardScaler(), PLAIN), ("bent", PolynomialFeatures(degree), BENT)]
    )
"""
COLUMNS = """from parts.names import place

PLAIN = [place("temp"), place("humidity"), place("pressure")]
BENT = [place("wind")]
"""
NAMES = """ORDER = ["temp", "wind", "humidity", "pressure"]


def place(name):
    return ORDER.index(name)
"""
BUILT = {
    "mlctl.toml": SPEC,
    "model.py": MODEL,
    "parts/__init__.py": "",
    "parts/penalty.py": PENALTY,
    "parts/pipeline.py": PIPELINE,
    "parts/columns.py": COLUMNS,
    "parts/names.py": NAMES,
    "settings.json": '{"penalty_kg": 1000, "steps": 1000}\n',
}

COARSE = """    inner = Ridge(alpha=alpha, tol=tol, max_iter=settings["steps"])
    bins = KBinsDiscretizer(2, encode="ordinal", strategy="uniform")
    return TransformedTargetRegressor(inner, transformer=bins, check_inverse=False)
"""
SQUEEZE = """from sklearn.preprocessing import KBinsDiscretizer


def squeeze():
    return KBinsDiscretizer(2, encode="ordinal", strategy="uniform")
"""

Rows = dict[str, np.ndarray]


def rows(days: int = 400, seed: int = 0) -> Rows:
    """Daily rows: y is a line in temp and humidity, bent in wind; pressure does next to nothing."""
    random = np.random.default_rng(seed)
    found = {name: random.normal(size=days) for name in ("temp", "wind", "humidity", "pressure")}
    found["y"] = (
        20
        + 4 * found["temp"]
        + 3 * found["wind"] ** 2
        + 2 * found["humidity"]
        + 0.02 * found["pressure"]
        + 0.4 * random.normal(size=days)
    )
    return found


def table(found: Rows) -> str:
    """The rows as CSV, with id and day."""
    days = np.datetime64("2020-01-01") + np.arange(len(found["y"]))
    lines = [",".join(["id", "day", *found])]
    for number, day in enumerate(days):
        lines.append(
            ",".join([str(number), str(day), *(f"{column[number]:.5f}" for column in found.values())])
        )
    return "\n".join(lines) + "\n"


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two states of a project.

    Attributes:
        name: what is planted.
        cause: what is to be named first.
        along: what may stand beside it, since it cannot go without.
        before: files of the first state, `table.csv` left out where it is the usual one.
        edits: (path, old text, new text) that make the second of it; with old "", new is the whole file.
        data: what becomes of the rows in the second state.
        variables: of the environment of the second state (of both, for the question).
        arguments: of the second training.
    """

    name: str
    cause: str
    along: tuple[str, ...] = ()
    before: Mapping[str, str] = msgspec.field(default_factory=lambda: dict(BUILT))
    edits: tuple[tuple[str, str, str], ...] = ()
    data: Callable[[Rows], Rows] | None = None
    variables: Mapping[str, str] = {}
    arguments: tuple[str, ...] = ()

    def after(self) -> dict[str, str]:
        """Files of the second state."""
        found = dict(self.before)
        for path, old, new in self.edits:
            if old and old not in found[path]:
                raise SystemExit(f"{self.name}: {path} has no {old!r}")
            found[path] = found[path].replace(old, new) if old else new
        return found


TOL = ("mlctl.toml", "tol = 0.0001", "tol = 0.0002")
CURVE = ("mlctl.toml", "degree = 2", "degree = 3")
STEPS = ("settings.json", '"steps": 1000', '"steps": 900')
TIDY = ("model.py", "    return make_pipeline(", "    alpha = float(alpha)\n    return make_pipeline(")
SPELT = ("parts/names.py", "    return ORDER.index(name)", "    found = ORDER.index(name)\n    return found")
SEED = ("mlctl.toml", "seed = 7", "seed = 8")
BASELINE = ("mlctl.toml", "max_bins = 255", "max_bins = 254")
PRESSURE = ("mlctl.toml", "seed = 7", 'seed = 7\nexclude = ["pressure"]')


def _some(change: float, share: float, column: str) -> Callable[[Rows], Rows]:
    """Corrupt a share of a column in the older three quarters, which is learnt from."""

    def act(found: Rows) -> Rows:
        random = np.random.default_rng(3)
        length = len(found["y"]) * 3 // 4
        chosen = np.flatnonzero(random.random(length) < share)
        made = dict(found)
        made[column] = found[column].copy()
        made[column][chosen] = found[column][chosen] * change + (
            random.normal(size=len(chosen)) * abs(change)
        )
        return made

    return act


def _longer(found: Rows) -> Rows:
    """A few cells rounded: another version of the data that changes next to nothing."""
    made = dict(found)
    made["pressure"] = np.round(found["pressure"], 2)
    return made


CORPUS = (
    Pair(
        name="a penalty a thousand times too large",
        cause="parameter alpha",
        edits=(("mlctl.toml", "alpha = 1.0", "alpha = 1000.0"), TOL, CURVE, TIDY),
    ),
    Pair(
        name="a curve of the first degree",
        cause="parameter degree",
        edits=(("mlctl.toml", "degree = 2", "degree = 1"), TOL, STEPS, SPELT),
    ),
    Pair(
        name="a column lost in a helper two imports away",
        cause="code parts/columns.py",
        edits=(
            ("parts/columns.py", 'place("temp"), place("humidity")', 'place("humidity")'),
            TOL,
            TIDY,
            SPELT,
        ),
    ),
    Pair(
        name="a wrong column in a helper three imports away",
        cause="code parts/names.py",
        before={**BUILT, "parts/columns.py": COLUMNS.replace(', place("pressure")]', "]")},
        edits=(
            (
                "parts/names.py",
                '["temp", "wind", "humidity", "pressure"]',
                '["pressure", "wind", "humidity", "temp"]',
            ),
            CURVE,
            TIDY,
            STEPS,
        ),
    ),
    Pair(
        name="a curve that became a line",
        cause="code parts/pipeline.py",
        edits=(("parts/pipeline.py", "PolynomialFeatures(degree)", "StandardScaler()"), TOL, SPELT, STEPS),
    ),
    Pair(
        name="grams for kilograms in a settings file",
        cause="file settings.json",
        edits=(("settings.json", '"penalty_kg": 1000', '"penalty_kg": 1000000'), TOL, TIDY, SPELT),
    ),
    Pair(
        name="a variable of the environment",
        cause="variable PENALTY_SCALE",
        edits=(TOL, TIDY, STEPS),
        variables={"PENALTY_SCALE": "800"},
    ),
    Pair(
        name="corrupted rows in a data version",
        cause="data table",
        edits=(TOL, TIDY, SPELT),
        data=_some(-3.0, 0.3, "temp"),
    ),
    Pair(
        name="label noise in new data",
        cause="data table",
        edits=(TOL, CURVE, STEPS),
        data=_some(-1.0, 0.25, "y"),
    ),
    Pair(
        name="a feature left out",
        cause="exclude temp",
        before={"mlctl.toml": PLAIN},
        edits=(
            ("mlctl.toml", "seed = 7", 'seed = 7\nexclude = ["temp", "pressure"]'),
            TOL,
            ("mlctl.toml", "alpha = 1.0", "alpha = 1.1"),
        ),
    ),
    Pair(
        name="another estimator",
        cause="estimator",
        along=("parameter learning_rate", "parameter max_bins", "parameter alpha"),
        before={"mlctl.toml": TREES},
        edits=(
            ("mlctl.toml", "sklearn.ensemble:HistGradientBoostingRegressor", "sklearn.linear_model:Ridge"),
            (
                "mlctl.toml",
                "max_iter = 60, learning_rate = 0.1, max_bins = 255",
                "max_iter = 61, alpha = 1.0",
            ),
            PRESSURE,
        ),
    ),
    Pair(
        name="a learning rate ten times too small",
        cause="parameter learning_rate",
        before={"mlctl.toml": TREES},
        edits=(
            ("mlctl.toml", "learning_rate = 0.1", "learning_rate = 0.01"),
            BASELINE,
            SEED,
            ("mlctl.toml", "max_iter = 60", "max_iter = 62"),
        ),
    ),
    Pair(
        name="too few trees",
        cause="parameter max_iter",
        before={"mlctl.toml": TREES},
        edits=(("mlctl.toml", "max_iter = 60", "max_iter = 6"), BASELINE, PRESSURE),
    ),
    Pair(
        name="a shorter training window by train_where",
        cause="spec train_where",
        before={"mlctl.toml": TREES},
        edits=(
            ("mlctl.toml", "seed = 7", "seed = 8\ntrain_where = \"day > '2020-10-01'\""),
            BASELINE,
            ("mlctl.toml", "max_iter = 60", "max_iter = 61"),
        ),
    ),
    Pair(
        name="a long embargo",
        cause="split",
        before={"mlctl.toml": TREES},
        edits=(("mlctl.toml", 'test = "25%"', 'test = "25%"\nembargo = "270d"'), BASELINE, PRESSURE),
    ),
    Pair(
        name="a transformation of the target",
        cause="code parts/penalty.py",
        edits=(
            (
                "parts/penalty.py",
                '    return Ridge(alpha=alpha, tol=tol, max_iter=settings["steps"])\n',
                COARSE,
            ),
            (
                "parts/penalty.py",
                "from sklearn.linear_model import Ridge\n",
                (
                    "from sklearn.compose import TransformedTargetRegressor\n"
                    "from sklearn.linear_model import Ridge\n"
                    "from sklearn.preprocessing import KBinsDiscretizer\n"
                ),
            ),
            TOL,
            CURVE,
            SPELT,
        ),
    ),
    Pair(
        name="a treatment of a feature",
        cause="feature wind",
        before={"mlctl.toml": TREES},
        edits=(
            (
                "mlctl.toml",
                "[model.m.split]",
                '[model.m.features]\nwind = { type = "text" }\n\n[model.m.split]',
            ),
            BASELINE,
            PRESSURE,
            ("mlctl.toml", "max_iter = 60", "max_iter = 61"),
        ),
    ),
    Pair(
        name="a new module that squeezes, and new data besides",
        cause="code parts/pipeline.py",
        along=("code parts/squeeze.py",),
        edits=(
            ("parts/squeeze.py", "", SQUEEZE),
            ("parts/pipeline.py", "StandardScaler(), PLAIN", "squeeze(), PLAIN"),
            (
                "parts/pipeline.py",
                "from parts.columns import BENT, PLAIN",
                "from parts.columns import BENT, PLAIN\nfrom parts.squeeze import squeeze",
            ),
            TOL,
            STEPS,
            TIDY,
        ),
        data=_longer,
    ),
    Pair(
        name="a parameter that the new code alone takes",
        cause="parameter bins",
        along=("code model.py", "code parts/pipeline.py"),
        edits=(
            ("mlctl.toml", "degree = 2,", "degree = 2, bins = 2,"),
            ("model.py", "degree=2, tol=1e-4):", "degree=2, tol=1e-4, bins=0):"),
            ("model.py", "features(degree)", "features(degree, bins)"),
            (
                "parts/pipeline.py",
                "def features(degree):",
                (
                    "def features(degree, bins=0):\n"
                    "    plain = KBinsDiscretizer(bins, encode='ordinal') if bins else StandardScaler()"
                ),
            ),
            ("parts/pipeline.py", "StandardScaler(), PLAIN", "plain, PLAIN"),
            ("parts/pipeline.py", "import PolynomialFeatures", "import KBinsDiscretizer, PolynomialFeatures"),
            TOL,
            STEPS,
        ),
    ),
    Pair(
        name="a better model: the bend is learnt",
        cause="code parts/columns.py",
        before={
            **BUILT,
            "parts/columns.py": COLUMNS.replace(
                'place("pressure")]', 'place("pressure"), place("wind")]'
            ).replace('BENT = [place("wind")]', 'BENT = [place("pressure")]'),
        },
        edits=(
            ("parts/columns.py", 'place("pressure"), place("wind")]', 'place("pressure")]'),
            ("parts/columns.py", 'BENT = [place("pressure")]', 'BENT = [place("wind")]'),
            TOL,
            TIDY,
            STEPS,
        ),
        data=_longer,
    ),
)
