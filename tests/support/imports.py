"""Reads Python sources as syntax trees: what they import, and what they call."""

import ast
import graphlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TURN_DATA_INTO_CODE = {"eval", "exec", "yaml.load", "yaml.unsafe_load", "yaml.full_load"}
UNSAFE_FORMATS = {"pickle", "marshal", "shelve", "dill", "cloudpickle"}


@dataclass(frozen=True)
class Import:
    name: str  # spelled out in full: `from whirr.wire import client` is whirr.wire.client
    line: int
    at_start: bool  # runs when the module is loaded, so that it can be part of a circle


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_inside(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def imports(source: str, module: str, *, is_package: bool = False) -> list[Import]:
    """Every import in a source, also those inside functions and for type checkers."""
    found: list[Import] = []
    for node, at_start in _walk(ast.parse(source), at_start=True):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, node.lineno, at_start) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, module, is_package=is_package)
            for alias in node.names:
                name = base if alias.name == "*" else f"{base}.{alias.name}"
                found.append(Import(name, node.lineno, at_start))
    return found


def _walk(tree: ast.AST, *, at_start: bool) -> Iterator[tuple[ast.AST, bool]]:
    for node in ast.iter_child_nodes(tree):
        yield node, at_start
        later = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        yield from _walk(node, at_start=at_start and not later and not for_types)


def _base(node: ast.ImportFrom, module: str, *, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    above = node.level - 1 if is_package else node.level
    return ".".join([*parts[: len(parts) - above], *([node.module] if node.module else [])])


def circle(sources: dict[str, str], packages: frozenset[str] = frozenset()) -> list[str]:
    """One circle of imports at load time among these modules (name → source), or an empty list."""
    graph: dict[str, set[str]] = {}
    for module, source in sources.items():
        wanted = imports(source, module, is_package=module in packages)
        targets = (_target(item.name, sources) for item in wanted if item.at_start)
        graph[module] = {target for target in targets if target and target != module}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def _target(name: str, sources: dict[str, str]) -> str | None:
    """The module that an imported name lives in: a.b.c is module a.b.c, or c in module a.b."""
    if name in sources:
        return name
    parent = name.rpartition(".")[0]
    return parent if parent in sources else None


def dangers(source: str) -> list[str]:
    """Calls and imports that turn data into code."""
    found = [
        f"line {node.lineno}: {ast.unparse(node.func)}("
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in TURN_DATA_INTO_CODE
    ]
    for item in imports(source, "anywhere"):
        if item.name.split(".")[0] in UNSAFE_FORMATS:
            found.append(f"line {item.line}: import {item.name}")
    return found
