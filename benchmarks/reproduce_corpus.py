"""Thirty-one small projects whose training is not the same twice, each with the class of its cause.

For `reproduce_classes.py`. Each is one `model.py` with a function `make`; some change something between the
training and its reproduction.
"""

from collections.abc import Mapping
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
"""


class Planted(msgspec.Struct, frozen=True, kw_only=True):
    """One project.

    Attributes:
        name: what is planted.
        cause: the class that `reproduce` is to name.
        model: the text of `model.py`.
        files: besides; what git ignores is in `ignored`.
        after: files that are other ones when it is fitted again; None removes one.
        variables: of the environment; `later` are those of the reproduction.
        cpus: at most so many for the reproduction; None: as for the training.
    """

    name: str
    cause: str
    model: str
    files: Mapping[str, str] = {}
    after: Mapping[str, str | None] = {}
    variables: Mapping[str, str] = {}
    later: Mapping[str, str] = {}
    cpus: int | None = None


def ridge(name: str, cause: str, imports: str, alpha: str, **more: object) -> Planted:
    """A ridge whose penalty comes out of an expression."""
    made = f"def make():\n    return Ridge(alpha=1.0 + {alpha})\n"
    text = f"{imports}\nfrom sklearn.linear_model import Ridge\n\n\n{made}"
    return Planted(name=name, cause=cause, model=text, **more)  # type: ignore[arg-type]


def ordered(name: str, cause: str, text: str, **more: object) -> Planted:
    """A ridge over columns whose order comes out of a function `order`, of numbers below eight."""
    model = dedent(text) + dedent(
        """

        from sklearn.compose import ColumnTransformer
        from sklearn.linear_model import Ridge
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import MinMaxScaler


        def make():
            columns = [(f"c{at}", MinMaxScaler(), [at]) for at in order()]
            return make_pipeline(ColumnTransformer(columns), Ridge())
        """
    )
    return Planted(name=name, cause=cause, model=model, **more)  # type: ignore[arg-type]


PACKAGE = {
    "site-packages/smallpackage.py": "PENALTY = 1.0\n",
    "site-packages/smallpackage-1.0.dist-info/METADATA": "Name: smallpackage\nVersion: 1.0\n",
    "site-packages/smallpackage-1.0.dist-info/top_level.txt": "smallpackage\n",
}
NEWER = {
    "site-packages/smallpackage.py": "PENALTY = 2.00\n",
    "site-packages/smallpackage-1.0.dist-info/METADATA": None,
    "site-packages/smallpackage-1.0.dist-info/top_level.txt": None,
    "site-packages/smallpackage-1.1.dist-info/METADATA": "Name: smallpackage\nVersion: 1.1\n",
    "site-packages/smallpackage-1.1.dist-info/top_level.txt": "smallpackage\n",
}
NAMES = "NAMES = ['temperature', 'wind', 'humidity', 'hour', 'weekday', 'season', 'holiday', 'load']\n"

CORPUS = (
    ridge(
        "numpy's generator without a seed", "seed", "import numpy as np", "np.random.default_rng().random()"
    ),
    ridge("numpy's global randomness", "seed", "import numpy as np", "np.random.rand()"),
    ridge("random without a seed", "seed", "import random", "random.random()"),
    ridge("a Random of its own without a seed", "seed", "import random", "random.Random().random()"),
    ridge("os.urandom", "seed", "import os", "os.urandom(1)[0] / 256 + os.urandom(1)[0]"),
    ridge("uuid4", "seed", "import uuid", "uuid.uuid4().int % 10_007 / 100"),
    ridge("secrets", "seed", "import secrets", "secrets.randbelow(10_007) / 100"),
    ordered(
        "columns shuffled without a seed",
        "seed",
        """
        import random


        def order():
            return random.sample(range(8), 8)
        """,
    ),
    ordered(
        "a set of names gives the order of columns",
        "hash order",
        f"{NAMES}\n\ndef order():\n    return [NAMES.index(name) for name in set(NAMES)]\n",
    ),
    ridge("the hash of a name", "hash order", "", "hash('temperature') % 10_007 / 100"),
    ordered(
        "a dictionary by hashes",
        "hash order",
        f"{NAMES}\n\ndef order():\n"
        "    slots = {hash(name) % 1_000_003: at for at, name in enumerate(NAMES)}\n"
        "    return [slots[key] for key in sorted(slots)]\n",
    ),
    ordered(
        "objects sorted by id",
        "hash order",
        """
        class Column:
            def __init__(self, at):
                self.at = at
                self.room = bytearray(at * 977)


        def order():
            columns = [Column(at) for at in range(8)]
            return [one.at for one in sorted(columns, key=lambda one: id(one) * 40_503 % 65_521)]
        """,
    ),
    ordered(
        "a set of objects",
        "hash order",
        """
        class Column:
            def __init__(self, at):
                self.at = at


        def order():
            return [one.at for one in {Column(at) for at in range(8)}]
        """,
    ),
    ridge(
        "the time of day",
        "time stamp",
        "from datetime import datetime",
        "datetime.now().microsecond / 10_000",
    ),
    ridge("nanoseconds since 1970", "time stamp", "import time", "time.time_ns() % 10_007 / 100"),
    ridge("the second, as text", "time stamp", "import time", "int(time.strftime('%S'))"),
    ridge("uuid1", "time stamp", "import uuid", "uuid.uuid1().time % 10_007 / 100"),
    Planted(
        name="as many trees as time allows",
        cause="time stamp",
        model=dedent(
            """
            import time

            from sklearn.linear_model import Ridge


            def make():
                begin, count = time.perf_counter(), 0
                while time.perf_counter() - begin < 0.02:
                    count += 1
                return Ridge(alpha=1.0 + count % 10_007)
            """
        ),
    ),
    ordered(
        "a pool of threads, in the order of completion",
        "threads",
        """
        from concurrent.futures import ThreadPoolExecutor, as_completed
        from zlib import crc32

        BLOCK = bytes(3_000_000)


        def work(at):
            crc32(BLOCK)
            return at


        def order():
            with ThreadPoolExecutor(8) as pool:
                waiting = [pool.submit(work, at) for at in range(8)]
                return [one.result() for one in as_completed(waiting)]
        """,
    ),
    ordered(
        "threads that append to one list",
        "threads",
        """
        import threading
        from zlib import crc32

        BLOCK = bytes(3_000_000)


        def order():
            found = []

            def work(at):
                crc32(BLOCK)
                found.append(at)

            threads = [threading.Thread(target=work, args=(at,)) for at in range(8)]
            for one in threads:
                one.start()
            for one in threads:
                one.join()
            return found
        """,
    ),
    Planted(
        name="a sum in as many parts as there are processors",
        cause="threads",
        model=dedent(
            """
            import os

            import numpy as np
            from sklearn.linear_model import Ridge


            def make():
                values = np.random.default_rng(1).random(100_001).astype(np.float32)
                parts = np.array_split(values, len(os.sched_getaffinity(0)))
                total = np.float32(0)
                for part in parts:
                    total += np.cumsum(part)[-1]
                return Ridge(alpha=1.0 + float(total) % 1)
            """
        ),
        cpus=1,
    ),
    ridge(
        "another version of a package",
        "library build",
        "import smallpackage",
        "smallpackage.PENALTY",
        files=PACKAGE,
        after=NEWER,
        variables={"PYTHONPATH": "site-packages"},
    ),
    ridge(
        "another value of a variable",
        "code or data changed",
        "import os",
        "float(os.environ['PENALTY'])",
        variables={"PENALTY": "1"},
        later={"PENALTY": "2"},
    ),
    ridge(
        "a settings file that git ignores, changed",
        "code or data changed",
        "from pathlib import Path",
        "float(Path('private.txt').read_text())",
        files={"private.txt": "1\n", ".gitignore": "private.txt\nsite-packages/\n"},
        after={"private.txt": "2\n"},
    ),
    ridge("the number of the process", "seed", "import os", "os.getpid() % 10_007 / 100"),
    ridge(
        "the name of a temporary file",
        "seed",
        "import tempfile",
        "sum(map(ord, tempfile.mkdtemp() + tempfile.mktemp())) % 1_009",
    ),
    ordered(
        "an array shuffled in place",
        "seed",
        """
        import numpy as np


        def order():
            at = np.arange(8)
            np.random.shuffle(at)
            return [int(one) for one in at]
        """,
    ),
    ordered(
        "a frozenset of tuples",
        "hash order",
        """
        def order():
            return [at for _, at in frozenset((str(n) * 3, n) for n in range(8))]
        """,
    ),
    ordered(
        "a pool of threads, by whichever ends first",
        "threads",
        """
        from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
        from zlib import crc32

        BLOCK = bytes(3_000_000)


        def work(at):
            crc32(BLOCK)
            return at


        def order():
            found = []
            with ThreadPoolExecutor(4) as pool:
                left = {pool.submit(work, at) for at in range(8)}
                while left:
                    done, left = wait(left, return_when=FIRST_COMPLETED)
                    found += [one.result() for one in done]
            return found
        """,
    ),
    ridge(
        "a seed of the clock",
        "time stamp",
        "import random, time",
        "(random.seed(time.time()), random.random())[1]",
    ),
    ridge(  # numpy's own clock cannot be held: told as unknown
        "the clock of numpy",
        "time stamp",
        "import numpy as np",
        "int(np.datetime64('now', 'us').astype(int)) % 10_007 / 100",
    ),
)


def table(rows: int = 240) -> str:
    """CSV text: eight numbers and a target."""
    lines = ["a,b,c,d,e,f,g,h,y"]
    for n in range(rows):
        cells = [(n * prime % 101) / 10 for prime in (3, 7, 11, 13, 17, 19, 23, 29)]
        target = sum(
            cell * weight for cell, weight in zip(cells, (1, -2, 3, 0.5, 2, -1, 4, 1.5), strict=True)
        )
        lines.append(",".join(f"{cell:g}" for cell in (*cells, round(target + n % 5, 3))))
    return "\n".join(lines) + "\n"
