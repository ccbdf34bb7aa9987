"""`python damaged.py FLAVOR FOLDER TASK CLASSES SEED COUNT`: loads damaged copies of a model and asks them.

In a process of its own: what a native parser does to a process shows in how it ends. Prints how many copies
were refused and how many were loaded; anything but a refusal is an error.
"""

import json
import random
import sys
import warnings
from pathlib import Path

import numpy as np

from mlctl.contracts import registry
from mlctl.domain.errors import Corrupt, Untrusted

NUMBERS = [
    b"-1",
    b"0",
    b"1",
    b"7",
    b"99",
    b"65536",
    b"2147483647",
    b"4294967295",
    b"-2147483648",
    b"1e999",
    b"nan",
]


def damaged(data, chance):
    """One copy with some damage: a few bytes, a number, a line, a cut, a repetition."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(max(1, len(out)))
        match chance.randrange(6):
            case 0:
                out[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                out[place : place + chance.randint(1, 40)] = b""
            case 2:
                out = out[:place]
            case 3:
                out[place:place] = out[place : place + chance.randint(1, 400)]
            case _:
                digits = [at for at in range(place, min(len(out), place + 300)) if out[at : at + 1].isdigit()]
                if digits:
                    start = end = digits[0]
                    while out[end : end + 1].isdigit():
                        end += 1
                    out[start:end] = chance.choice(NUMBERS)
    return bytes(out)


def main(name, folder, task, classes, seed, count):
    flavor, folder, chance = registry.load("flavors", name), Path(folder), random.Random(int(seed))  # noqa: S311 - damage that repeats
    options = {"task": task, "classes": int(classes)}
    files = {path: path.read_bytes() for path in sorted(folder.iterdir())}
    matrix = np.random.default_rng(1).normal(size=(5, 5))
    matrix[1, 2] = np.nan
    refused = loaded = 0
    for _ in range(int(count)):
        (path,) = chance.choices(list(files), [len(data) ** 0.5 for data in files.values()])
        path.write_bytes(damaged(files[path], chance))
        try:
            predictor = flavor.load(folder, options)
        except (Corrupt, Untrusted):
            refused += 1
        else:
            loaded += 1
            assert predictor.predict(matrix).shape == (5,)
            predictor.probabilities(matrix)
        path.write_bytes(files[path])
    sys.stdout.write(json.dumps({"refused": refused, "loaded": loaded}))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(*sys.argv[1:])
