"""J4: how often `eval` and the gates call one of two equal recipes better, and how often they find a gain.

    python benchmarks/equals.py [--comparisons 2000] [--sequences 1000] [--planted 400] [--workers N]

Every comparison draws its own training and test rows from a known world, fits both recipes with several
seeds and asks the code that `mlctl eval` and `mlctl promote` ask. Equal recipes differ in nothing but their
seeds, so every "better" is wrong. Rates come with the one-sided 99 % bound of Clopper and Pearson (Biometrika
26, 1934). Beside: the same with what people usually leave out (seeds, blocks, the count of tries).
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import msgspec
import numpy as np
from scipy.special import ndtr
from scipy.stats import beta
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeRegressor

from mlctl.domain.evaluation import Difference, IncumbentResult, more_rows
from mlctl.domain.gate import Evidence, decide
from mlctl.domain.spec_gates import GateRule
from mlctl.learning.evaluate import Comparison, Rival, compare, verdict
from mlctl.learning.evaluate import Verdict as Measured
from mlctl.learning.luck import Repeated
from mlctl.statistics.metrics import Answers

Array = np.ndarray[Any, Any]
Rows = tuple[Array, Array, Array]
"""Features, truth, and the unit that each row belongs to."""

_FEATURES = 6
_LEARNT = 300
_WEEKS, _A_WEEK = 26, 24


def rows(random: np.random.Generator, count: int) -> Rows:
    """Independent rows of a regression."""
    features = random.normal(size=(count, _FEATURES))
    truth = features[:, 0] * 2 + np.sin(features[:, 1] * 2) + features[:, 2] * features[:, 3]
    return features, truth + random.normal(size=count), np.arange(count)


def weeks(random: np.random.Generator, count: int) -> Rows:
    """Rows of weeks that have something in common: what is asked, and how hard it is."""
    features, truth, _ = rows(random, count)
    week = np.arange(count) // _A_WEEK
    shared = random.normal(size=(week[-1] + 1, _FEATURES))
    features = 0.6 * features + 0.8 * shared[week]
    truth = features[:, 0] * 2 + np.sin(features[:, 1] * 2) + features[:, 2] * features[:, 3]
    noise = random.normal(size=count) * np.exp(random.normal(size=week[-1] + 1) * 0.5)[week]
    return features, truth + noise + random.normal(size=week[-1] + 1)[week], week


def classes(random: np.random.Generator, count: int) -> Rows:
    """Independent rows of two classes."""
    features, score, unit = rows(random, count)
    return features, (score > 0).astype(np.int64), unit


def tree(seed: int, leaf: int = 5) -> Any:
    """A tree whose cuts are drawn: two of them differ much."""
    return DecisionTreeRegressor(splitter="random", min_samples_leaf=leaf, random_state=seed)


def forest(seed: int, leaf: int = 5) -> Any:
    """A small forest."""
    return RandomForestClassifier(n_estimators=8, min_samples_leaf=leaf, random_state=seed)


def lines(seed: int, leaf: int = 5) -> Any:
    """A ridge, the better one with less of a penalty; it asks no seed."""
    del seed
    return Ridge(alpha=leaf * 12.0)


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Where rows come from, what learns from them, and how it is judged.

    Attributes:
        planted: two parameters of the recipe, of which the first truly does better. On the training set of
            `planted` the trees have 1.361 and 1.513, with weeks 1.854 and 2.197 (means of 40 fits, about
            20,000 test rows).
    """

    name: str
    draw: Callable[[np.random.Generator, int], Rows]
    recipe: Callable[..., Any]
    metric: str
    tested: int
    planted: tuple[int, int]


LINES = World(name="lines, mae, rows", draw=rows, recipe=lines, metric="mae", tested=200, planted=(1, 5))
"""Without luck: what more rows do, and nothing else."""

WORLDS = (
    World(name="trees, mae, rows", draw=rows, recipe=tree, metric="mae", tested=400, planted=(7, 2)),
    World(
        name="trees, mae, weeks",
        draw=weeks,
        recipe=tree,
        metric="mae",
        tested=_WEEKS * _A_WEEK,
        planted=(7, 1),
    ),
    World(
        name="forests, brier, rows", draw=classes, recipe=forest, metric="brier", tested=400, planted=(5, 20)
    ),
)


def fits(world: World, learnt: Rows, tested: Rows, seeds: Sequence[int], leaf: int = 5) -> list[Answers]:
    """What fits of one recipe with these seeds answer to the test rows."""
    found = []
    for seed in seeds:
        model = world.recipe(seed, leaf).fit(*learnt[:2])
        output = model.predict(tested[0])
        if world.metric == "mae":
            found.append(Answers(truth=tested[1], output=output))
        else:
            probabilities = model.predict_proba(tested[0])
            found.append(
                Answers(truth=tested[1], output=output, probabilities=probabilities, classes=2, positive=1)
            )
    return found


def measured(world: World, own: list[Answers], other: list[Answers], unit: Array, seed: int) -> Measured:
    """The numbers that `mlctl eval` would store."""
    base = Answers(
        truth=own[0].truth,
        output=np.full(len(unit), own[0].truth.mean()),
        probabilities=None if own[0].probabilities is None else np.full((len(unit), 2), 0.5),
        classes=own[0].classes,
    )
    return compare(
        Comparison(
            metrics=[world.metric],
            candidate=own[0],
            baseline=base,
            labels=unit,
            samples=1000,
            seed=seed,
            rival=Rival(answers=other[0], mask=np.ones(len(unit), dtype=bool)),
            repeated=(
                Repeated(answers=own[1:], varies=world.recipe is not lines),
                Repeated(answers=other[1:], varies=world.recipe is not lines),
            ),
        )
    )


def passes(world: World, found: Measured, tries: int) -> bool:
    """Whether the gate `superior` would let the candidate through; 0 tries: as one that does not count."""
    incumbent = IncumbentResult(version=1, metrics=found.incumbent, recipe=found.recipe)
    evidence = Evidence(
        primary=world.metric,
        metrics=found.metrics,
        baseline=found.metrics,
        incumbent=incumbent,
        slices={},
        tries=max(tries, 1),
    )
    confidence = 0.95 if tries else 0.9  # a first try spends half
    return decide({world.metric: GateRule(incumbent="superior", confidence=confidence)}, evidence).passed


def equals(world: World, repeats: int, number: int) -> tuple[bool, bool, bool]:
    """One comparison of equals: "better" as it is said; by rows alone; with rows in place of blocks."""
    random = np.random.default_rng([1, number])
    learnt, tested = world.draw(random, _LEARNT), world.draw(random, world.tested)
    seeds = random.integers(0, 2**31, 2 * repeats)
    own, other = (
        fits(world, learnt, tested, seeds[:repeats]),
        fits(world, learnt, tested, seeds[repeats:]),
    )
    found = measured(world, own, other, tested[2], number)
    rowwise = measured(world, own, other, np.arange(len(tested[2])), number)
    words = (
        verdict(world.metric, found.recipe[world.metric]),
        verdict(world.metric, found.incumbent[world.metric]),
        verdict(world.metric, rowwise.incumbent[world.metric]),
    )
    said, alone, apart = (word == "better" for word in words)
    return said, alone, apart


def sequence(world: World, repeats: int, number: int) -> tuple[bool, bool]:
    """Ten equals tried on one test set: whether one is let through, and without the count of tries."""
    random = np.random.default_rng([2, number])
    learnt, tested = world.draw(random, _LEARNT), world.draw(random, world.tested)
    incumbent = fits(world, learnt, tested, random.integers(0, 2**31, repeats))
    counted = plain = False
    for tries in range(1, 11):
        candidate = fits(world, learnt, tested, random.integers(0, 2**31, repeats))
        found = measured(world, candidate, incumbent, tested[2], number * 11 + tries)
        counted |= passes(world, found, tries)
        plain |= passes(world, found, 0)
    return counted, plain


def planted(world: World, repeats: int, tested_rows: int, number: int) -> tuple[float, float, bool]:
    """One comparison with a better recipe: the difference, half of its interval, whether it is found.

    All have learnt from the same rows: what an interval promises is about these fits and new test rows.
    """
    random = np.random.default_rng([3, tested_rows, number])
    learnt = world.draw(np.random.default_rng([4, 1]), _LEARNT)
    tested = world.draw(random, tested_rows)
    seeds = random.integers(0, 2**31, 2 * repeats)
    better, worse = world.planted
    own = fits(world, learnt, tested, seeds[:repeats], better)
    found = measured(world, own, fits(world, learnt, tested, seeds[repeats:], worse), tested[2], number)
    one = found.recipe[world.metric]
    half = ((one.high or 0.0) - (one.low or 0.0)) / 2
    return float(one.difference or 0.0), half, verdict(world.metric, one) == "better"


def bound(hits: int, count: int) -> float:
    """The upper end of the one-sided 99 % interval of a rate."""
    return 1.0 if hits == count else float(beta.ppf(0.99, hits + 1, count - hits))


def share(hits: Sequence[bool]) -> str:
    """A rate with its bound."""
    return f"{np.mean(hits):.4f} (<= {bound(int(np.sum(hits)), len(hits)):.4f})"


def main(arguments: Sequence[str] = ()) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="gates and verdicts between equals, and with a planted gain")
    parser.add_argument("--comparisons", type=int, default=2000, help="of equals, in each world")
    parser.add_argument("--sequences", type=int, default=1000, help="of ten tries, in each world")
    parser.add_argument("--planted", type=int, default=400, help="comparisons with a gain, in each world")
    parser.add_argument("--repeats", type=int, default=5, help="seeds a recipe")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    asked = parser.parse_args(arguments)
    with ProcessPoolExecutor(asked.workers) as pool:

        def each(work: Callable[..., Any], count: int) -> list[Any]:
            return list(pool.map(work, range(count), chunksize=max(1, count // 50)))

        for line in tables(each, asked):
            print(line, flush=True)


def tables(each: Callable[[Callable[..., Any], int], list[Any]], asked: argparse.Namespace) -> Iterator[str]:
    """The lines of all tables."""
    repeats = asked.repeats
    yield f"\n### Equals: `better` at a nominal 0.025, {asked.comparisons:,} comparisons each (99 % bound)\n"
    yield "| world | as said | one seed each | one seed each, rows in place of blocks |"
    yield "| --- | --- | --- | --- |"
    for world in WORLDS:
        found = each(partial(equals, world, repeats), asked.comparisons)
        cells = " | ".join(share(column) for column in zip(*found, strict=True))
        yield f"| {world.name} | {cells} |"
    yield f"\n### Ten tries on one test set, `superior` at 0.95, {asked.sequences:,} sequences (99 % bound)\n"
    yield "| world | one let through | without the count of tries |\n| --- | --- | --- |"
    for world in WORLDS:
        found = each(partial(sequence, world, repeats), asked.sequences)
        cells = " | ".join(share(column) for column in zip(*found, strict=True))
        yield f"| {world.name} | {cells} |"
    yield f"\n### A planted gain, {asked.planted:,} comparisons each\n"
    yield "| world | difference | half of the interval | found | as the interval promises |"
    yield "| --- | --- | --- | --- | --- |"
    for world in (*WORLDS, LINES):
        fitted = repeats if world is not LINES else 1
        found = each(partial(planted, world, fitted, world.tested), asked.planted)
        yield power(f"{world.name}, {world.tested} rows", found)
        if world is LINES:
            gap, half = float(np.mean([one[0] for one in found])), float(np.mean([one[1] for one in found]))
            known = Difference(difference=gap, low=gap - half, high=gap + half)
            then = world.tested + (more_rows(known, world.tested) or 0)
            yield power(
                f"{world.name}, {then} rows, as `more_rows` asks for 0.8",
                each(partial(planted, world, fitted, then), asked.planted),
            )


def power(name: str, found: list[tuple[float, float, bool]]) -> str:
    """How often a loss less by d was found, and how often it should be: Phi(1.96 d / h - 1.96)."""
    gap, half = float(np.mean([one[0] for one in found])), float(np.mean([one[1] for one in found]))
    promised = float(ndtr(1.959964 * (-gap / half - 1)))
    return f"| {name} | {gap:+.4f} | {half:.4f} | {np.mean([one[2] for one in found]):.3f} | {promised:.3f} |"


if __name__ == "__main__":
    main(sys.argv[1:])
