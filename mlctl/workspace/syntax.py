"""Python source as a list of normalised statements: what changes neither tree nor meaning changes no digest.

Comments, blank lines, line breaks, quotes and docstrings do not count. A module that mentions `__doc__` keeps
its docstrings: it may read them.
"""

import ast
import hashlib
from collections.abc import Iterator
from typing import Any

_NAMED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_LENGTH = 16


def statements(source: bytes) -> tuple[tuple[str, int], ...]:
    """Digest and line of each statement, outer ones before those inside them.

    The digest of a statement tells how deep it stands and what it says, without what stands inside of it. A
    source that does not parse is one statement: its bytes.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return ((_digest("source", repr(source)), 1),)
    return tuple(_inside(tree, 0, documented=b"__doc__" in source))


def imports(source: bytes) -> Iterator[tuple[str, int]]:
    """Modules that a source imports, anywhere in it, with the dots before a relative one."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield module, node.level
            yield from ((f"{module}.{alias.name}".lstrip("."), node.level) for alias in node.names)


def _inside(node: ast.AST, depth: int, *, documented: bool) -> Iterator[tuple[str, int]]:
    for field, value in ast.iter_fields(node):
        if not _is_block(value):
            continue
        block = value
        if field == "body" and not documented and isinstance(node, _NAMED) and _is_docstring(block[0]):
            block = block[1:]
        for child in block:
            yield _digest(f"{depth} {field}", _header(child)), _line(child)
            yield from _inside(child, depth + 1, documented=documented)


def _line(node: Any) -> int:
    return int(node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno)


def _header(node: ast.AST) -> str:
    """A statement without the blocks inside of it."""
    kept = {name: [] if _is_block(value) else value for name, value in ast.iter_fields(node)}
    return ast.dump(type(node)(**kept))


def _is_block(value: object) -> bool:
    parts = (ast.stmt, ast.ExceptHandler, ast.match_case)
    return isinstance(value, list) and bool(value) and all(isinstance(one, parts) for one in value)


def _is_docstring(node: ast.AST) -> bool:
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _digest(where: str, text: str) -> str:
    return hashlib.sha256(f"{where}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]
