"""LightGBM's text model, checked line by line before LightGBM's own parser sees it.

That parser believes what it reads: a child that lies outside its tree, a feature that is not there or a size
that does not fit ends the process. Here every key is known, every list has its length, every tree is a tree.
What stands after the trees (importances, the parameters of the training) is left out of the file.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from mlctl.domain.errors import Corrupt

FILE = "model.txt"
END = "end of trees"
MOST_FEATURES = 1_000_000
_OBJECTIVES = [
    "regression",
    "regression_l1",
    "huber",
    "fair",
    "poisson",
    "quantile",
    "mape",
    "gamma",
    "tweedie",
    "binary",
    "multiclass",
    "cross_entropy",
    "cross_entropy_lambda",
]
_INTEGER = r"-?[0-9]{1,10}"
_NUMBER = r"-?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?(?:e[+-]?[0-9]{1,3})?|inf|nan)"
_INTEGERS, _NUMBERS = (re.compile(f"{one}(?: {one})*+") for one in (_INTEGER, _NUMBER))
"""A whole line at once: a model of a thousand trees has millions of numbers."""
_OPTION = re.compile(r"[a-z_]{1,40}(?::[0-9.eE+-]{1,30})?")
_INFO = re.compile(r"none|\[[^\s\[\]]{1,60}\]|-?[0-9]+(?::-?[0-9]+)*")
_PER_NODE = ("split_feature", "decision_type", "left_child", "right_child")
_HEADER = [
    "version",
    "num_class",
    "num_tree_per_iteration",
    "label_index",
    "max_feature_idx",
    "objective",
    "feature_names",
    "feature_infos",
    "tree_sizes",
    "monotone_constraints",
    "average_output",
]
_TREE = [
    "num_leaves",
    "num_cat",
    "split_feature",
    "split_gain",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "leaf_value",
    "leaf_weight",
    "leaf_count",
    "internal_value",
    "internal_weight",
    "internal_count",
    "is_linear",
    "shrinkage",
    "cat_boundaries",
    "cat_threshold",
]
_CATEGORY = 1


def trimmed(text: str) -> str:
    """The model up to the end of its trees."""
    head, end, _ = text.partition(f"\n{END}\n")
    return f"{head}\n{END}\n" if end else text


def check_text(data: bytes, outputs: int) -> str:
    """The text of a model file in which everything holds.

    Args:
        data: of the file.
        outputs: numbers that the model gives a row: 1, or the number of classes where they are more than two.

    Raises:
        Corrupt: with the first thing that does not hold.
    """
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError as error:
        raise _corrupt("is no text model") from error
    if not text.startswith("tree\n") or not text.endswith(f"\n{END}\n"):
        raise _corrupt("does not begin with a line 'tree' or does not end with the end of its trees")
    parts = text.removesuffix(f"{END}\n").split("\nTree=")
    features, sizes = _check_header(parts[0], outputs)
    if len(parts) - 1 != len(sizes):
        raise _corrupt(f"holds {len(parts) - 1} trees and says that they are {len(sizes)}")
    for number, block in enumerate(parts[1:]):
        whole = f"Tree={block}\n" if number < len(sizes) - 1 else f"Tree={block}"
        if len(whole) != sizes[number]:
            raise _corrupt(f"says that tree {number} has {sizes[number]} bytes; it has {len(whole)}")
        first, _, rest = block.partition("\n")
        if first != str(number):
            raise _corrupt(f"has a tree {first[:20]!r} where tree {number} should be")
        _check_tree(number, dict(_pairs(rest, _TREE)), features)
    return text


def _check_header(part: str, outputs: int) -> tuple[int, list[int]]:
    """The number of features, and the sizes of the trees in bytes."""
    found = dict(_pairs(part.removeprefix("tree\n"), _HEADER))
    if found.get("version") not in {"v3", "v4"}:
        raise _corrupt(f"is of version {found.get('version', 'none')[:20]!r}; v3 and v4 are known")
    features = _one(found, "max_feature_idx") + 1
    if not 0 < features <= MOST_FEATURES:
        raise _corrupt(f"says that it has {features} features")
    classes, per_iteration = _one(found, "num_class"), _one(found, "num_tree_per_iteration")
    if (classes, per_iteration) != (outputs, outputs):
        raise _corrupt(f"gives {classes} answers a row by {per_iteration} trees a round, not {outputs}")
    objective, *options = found.get("objective", "").split(" ")
    if objective not in _OBJECTIVES or not all(_OPTION.fullmatch(one) for one in options):
        raise _corrupt(f"has an objective that is not known: {found.get('objective', 'none')[:60]!r}")
    if any(one.startswith("num_class:") and one != f"num_class:{outputs}" for one in options):
        raise _corrupt("has an objective for another number of classes")
    if len(found.get("feature_names", "").split(" ")) != features:
        raise _corrupt(f"does not name its {features} features")
    infos = found.get("feature_infos", "").split(" ")
    if len(infos) != features or not all(_INFO.fullmatch(one) for one in infos):
        raise _corrupt(f"does not tell the ranges of its {features} features")
    if "monotone_constraints" in found:
        _integers(found, "monotone_constraints", features)
    sizes = _integers(found, "tree_sizes", None).tolist()
    if len(sizes) % outputs:
        raise _corrupt(f"holds {len(sizes)} trees, {outputs} a round")
    return features, sizes


def _check_tree(number: int, found: dict[str, str], features: int) -> None:
    leaves, categories = _one(found, "num_leaves"), _one(found, "num_cat")
    nodes = leaves - 1
    if not 0 < leaves <= len(found.get("leaf_value", "")) or not 0 <= categories <= max(nodes, 0):
        raise _corrupt(f"says that tree {number} has {leaves} leaves and {categories} category splits")
    if _one(found, "is_linear") != 0:
        raise _corrupt(f"has linear leaves in tree {number}, which mlctl does not write")
    _numbers(found, "leaf_value", leaves)
    _numbers(found, "shrinkage", 1)
    if nodes:
        for name in ("leaf_weight", "leaf_count"):
            _numbers(found, name, leaves)
        for name in ("split_gain", "internal_value", "internal_weight", "internal_count"):
            _numbers(found, name, nodes)
        split, kind, left, right = (_integers(found, name, nodes) for name in _PER_NODE)
        if split.min() < 0 or split.max() >= features or kind.min() < 0 or kind.max() >= 16:  # noqa: PLR2004 (four bits)
            raise _corrupt(f"asks in tree {number} for a feature or a kind of split that is not there")
        if not _is_tree(left, right, leaves):
            raise _corrupt(f"has a tree {number} whose nodes are no tree")
        thresholds = _numbers(found, "threshold", nodes)
        _check_categories(number, found, categories, thresholds[(kind & _CATEGORY) != 0])


def _is_tree(left: Any, right: Any, leaves: int) -> bool:
    """Whether every node but the first, and every leaf, is the child of one node that comes before it."""
    children = np.concatenate([left, right])
    inner = children >= 0
    wanted = np.concatenate([np.arange(1, len(left)), ~np.arange(leaves)])
    before = np.tile(np.arange(len(left)), 2)
    return bool(
        np.array_equal(np.sort(children), np.sort(wanted)) and (children[inner] > before[inner]).all()
    )


def _check_categories(number: int, found: dict[str, str], count: int, places: Any) -> None:
    """Sets of categories are bits in words, those of split i from boundary i to boundary i + 1."""
    if count == 0:
        if len(places) or "cat_boundaries" in found or "cat_threshold" in found:
            raise _corrupt(f"splits by categories that tree {number} does not list")
        return
    bounds = _integers(found, "cat_boundaries", count + 1)
    words = _integers(found, "cat_threshold", None)
    ordered = bounds[0] == 0 and (np.diff(bounds) > 0).all() and bounds[-1] == len(words)
    if not ordered or words.min() < 0 or words.max() >= 2**32:
        raise _corrupt(f"has sets of categories in tree {number} that do not fit")
    if not np.array_equal(np.sort(places), np.arange(count)):
        raise _corrupt(f"splits by sets of categories that tree {number} does not have")


def _pairs(part: str, known: Collection[str]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for line in part.split("\n"):
        if not line:
            continue
        key, _, value = line.partition("=")
        if key not in known or key in seen:
            raise _corrupt(f"has a line that mlctl does not write, or twice: {line[:40]!r}")
        seen.add(key)
        yield key, value


def _one(found: dict[str, str], name: str) -> int:
    value: int = _integers(found, name, 1)[0]
    return int(value)


def _integers(found: dict[str, str], name: str, count: int | None) -> Any:
    return np.array(_words(found, name, count, _INTEGERS), dtype=np.int64)


def _numbers(found: dict[str, str], name: str, count: int) -> Any:
    return np.array(_words(found, name, count, _NUMBERS), dtype=np.float64)


def _words(found: dict[str, str], name: str, count: int | None, form: re.Pattern[str]) -> list[str]:
    text = found.get(name)
    words = text.split(" ") if text else []
    if text is None or (count is not None and len(words) != count):
        wanted = "" if count is None else f"; {count} are wanted"
        raise _corrupt(f"lists {len(words)} of {name}{wanted}")
    if text and not form.fullmatch(text):
        raise _corrupt(f"has something else than numbers in {name}")
    return words


def _corrupt(what: str) -> Corrupt:
    return Corrupt(f"{FILE} {what}", file=FILE)
